import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { excerpt, Index, terms, type Section } from '../src/help/search'
import { zhCN } from '../src/i18n/zh-CN'

const section = (p: string, h: string, x: string): Section => ({ p, a: h, t: p, h, x })
const index = new Index([
  section('停电', '停电', '来电后什么都不用做：窗口电脑补传停电前没来得及送出的记录。'),
  section('演练', '拔主机的电源', '有 UPS 的连 UPS 一起断电。'),
  section('取号机', '打印机', '缺纸时换纸，合上盖。电源和数据线也看一看。'),
  section('HTTPS', 'HTTPS', 'Every certificate ends some day; CertUtil shows when.'),
])
const found = (question: string) => index.find(question).map(({ section }) => section.h)

describe('the search of the handbook', () => {
  test('a text is told by pairs of Han signs and by whole words', () => {
    expect(terms('主机停电，看 UPS-2！')).toEqual(['主机', '机停', '停电', '看', 'ups', '2'])
  })

  test.each([
    ['a pair', '断电', ['拔主机的电源']],
    ['a phrase', '窗口电脑补传', ['停电']],
    ['signs in another width and case', 'ＵＰＳ', ['拔主机的电源']],
    ['the beginning of a word', 'cert', ['HTTPS']],
    ['two words, both of which must be there', '缺纸 数据线', ['打印机']],
    ['one sign', '纸', ['打印机']],
    ['nothing that is there', '月球', []],
    ['nothing at all', ' ，', []],
  ])('%s is found', (_name, question, wanted) => {
    expect(found(question)).toEqual(wanted)
  })

  test('a heading outweighs a text', () => {
    expect(found('电源')[0]).toBe('拔主机的电源')
  })

  test('an excerpt stands round what was asked for and marks it', () => {
    const parts = excerpt(section('a', 'b', `${'前'.repeat(200)}缺纸时换纸${'后'.repeat(200)}`), '换纸')
    expect(parts.filter(({ hit }) => hit).map(({ text }) => text)).toContain('换纸')
    expect(parts.map(({ text }) => text).join('').length).toBeLessThan(100)
    expect(excerpt(section('a', 'b', 'x(y'), '(')).toEqual([{ text: 'x', hit: false }, { text: '(', hit: true }, { text: 'y', hit: false }])
  })
})

/** A chapter as it is written. */
const chapter = (name: string) => readFileSync(join(import.meta.dirname, '../../docs/handbook/zh', `${name}.md`), 'utf8')

describe('the handbook says what the pages say', () => {
  const troubles = chapter('troubleshooting')
  const alarms = Object.entries(zhCN).filter(([key]) => /^alarm\.\w+$/.test(key) && key !== 'alarm.unknown')

  test('there are alarms', () => {
    expect(alarms.length).toBeGreaterThan(30)
  })

  test.each(alarms)('%s is a row of the alarms: %s', (_key, words) => {
    expect(troubles).toContain(`| ${words} |`)
  })

  test.each(['kiosk.offline', 'kiosk.forbidden', 'screen.code', 'screen.removed', 'screen.expired', 'screen.insecure', 'screen.storage', 'panel.forbidden', 'connection.stale.bar', 'connection.disconnected.bar', 'fault.stuck', 'fault.lost', 'fault.lost_pulses', 'fault.newer'] as const)('%s is told as it is shown', (key) => {
    expect(troubles).toContain(zhCN[key])
  })

  test.each(['kiosk.offline', 'kiosk.print.waiting', 'kiosk.print.gone', 'kiosk.print.again', 'kiosk.print.received', 'kiosk.priority', 'kiosk.search', 'kiosk.low', 'kiosk.drop', 'kiosk.idle'] as const)('%s is in the helper’s chapter', (key) => {
    expect(chapter('kiosk')).toContain(zhCN[key])
  })

  test.each(['lines', 'alarms', 'requests', 'inspect', 'cases', 'notices', 'matters', 'proposals', 'duties'] as const)('the supervisor is told of the section %s by its name', (name) => {
    expect(chapter('supervisor')).toContain(zhCN[`nav.${name}`])
  })
})
