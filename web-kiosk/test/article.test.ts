// Citations of the regulation in both languages.
import { expect, test } from 'vitest'
import { articleText } from '../src/i18n/article'

test.each([
  ['63\u53f7 \u7b2c\u516b\u6761', 'No. 63, Art. 8'],
  ['63\u53f7 \u7b2c\u5341\u6761', 'No. 63, Art. 10'],
  ['63\u53f7 \u7b2c\u5341\u4e8c\u6761(\u4e94)', 'No. 63, Art. 12(5)'],
  ['63\u53f7 \u7b2c\u4e8c\u5341\u6761\uff08\u5341\u4e00\uff09', 'No. 63, Art. 20(11)'],
  ['63\u53f7 \u7b2c\u4e94\u6761\u3001\u7b2c\u5341\u4e09\u6761(\u4e00)', 'No. 63, Art. 5, Art. 13(1)'],
  ['hall rule 4', 'hall rule 4'],
])('%s is %s in English and itself in Chinese', (cited, english) => {
  expect(articleText('en', cited)).toBe(english)
  expect(articleText('zh-CN', cited)).toBe(cited)
})
