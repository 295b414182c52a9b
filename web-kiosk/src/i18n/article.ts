import type { Locale } from '.'

const digits: { [sign: string]: number } = { 一: 1, 二: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 }

/** A Chinese numeral below 100. */
function numberOf(text: string): number {
  const [tens, ones] = text.includes('十') ? text.split('十') : ['', text]
  const ten = text.includes('十') ? (tens ? digits[tens] ?? 0 : 1) : 0
  return 10 * ten + (ones ? digits[ones] ?? 0 : 0)
}

/** A citation of the regulation in the reader's language: 63号 第十二条(五) is No. 63, Art. 12(5). */
export function articleText(locale: Locale, cited: string): string {
  if (locale !== 'en') return cited
  return cited
    .replace(/(\d+)号/g, 'No. $1,')
    .replace(/第([一二三四五六七八九十]+)条/g, (_, n: string) => `Art. ${numberOf(n)}`)
    .replace(/[(（]([一二三四五六七八九十]+)[)）]/g, (_, n: string) => `(${numberOf(n)})`)
    .replace(/、/g, ', ')
}
