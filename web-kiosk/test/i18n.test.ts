import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chooseLocale, fillIn, isKey, translate } from '../src/i18n'
import { en } from '../src/i18n/en'
import { age, duration, formatBrief, formatCount, formatDay, formatMinute, formatMoment, formatTime } from '../src/i18n/format'
import { zhCN } from '../src/i18n/zh-CN'

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()

describe('the catalogues', () => {
  it('have equal keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zhCN).sort())
  })

  it.each(Object.keys(zhCN) as (keyof typeof zhCN)[])('%s fills the same names in both languages', (key) => {
    expect(names(en[key])).toEqual(names(zhCN[key]))
    expect(zhCN[key].trim()).not.toBe('')
    expect(en[key].trim()).not.toBe('')
  })

  it('use full-width punctuation in Chinese sentences', () => {
    const half = Object.entries(zhCN).filter(([, text]) => /[一-鿿][,;:!?()]|[,;:!?()][一-鿿]/.test(text))
    expect(half).toEqual([])
  })

  it('leave no Chinese in English, but for the switch back', () => {
    const chinese = Object.entries(en).filter(([key, text]) => !key.startsWith('language.') && key !== 'kiosk.language' && /[一-鿿]/.test(text))
    expect(chinese).toEqual([])
  })

  it('hold every word that people see: no page has Chinese of its own', () => {
    const root = join(import.meta.dirname, '../src')
    const strays = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(vue|ts)$/.test(name) && !name.startsWith('i18n'))
      .filter((name) => name !== 'wire.gen.ts')
      .filter((name) => {
        const source = readFileSync(join(root, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*|<!--[\s\S]*?-->/g, '')
        return /[一-鿿]/.test(source)
      })
    expect(strays).toEqual([])
  })

  it('have no word that nothing shows', () => {
    const root = join(import.meta.dirname, '../src')
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(vue|ts)$/.test(name) && !/^i18n.(zh-CN|en)[/\\]/.test(name))
      .map((name) => readFileSync(join(root, name), 'utf8'))
      .join('\n')
    // A key that is put together from a state's name, such as `alarm.${kind}.todo`, stands for one word there.
    const built = [...sources.matchAll(/`([a-z][\w.-]*\.\$\{[^`]*)`/g)].map(
      ([, key = '']) => new RegExp(`^${key.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '[\\w-]+')}$`),
    )
    const named = new Set([...sources.matchAll(/'(?=([\w.-]+)')/g)].map(([, key]) => key))
    const kinds = /^(kind\.|reason\.|case\.step\.)/
    const unused = Object.keys(zhCN).filter(
      (key) => !named.has(key) && !kinds.test(key) && !built.some((shape) => shape.test(key)),
    )
    expect(unused).toEqual([])
  })
})

describe('words', () => {
  it('are filled in', () => {
    expect(translate('zh-CN', 'age.seconds', { n: 12 })).toBe('12 秒前')
    expect(translate('en', 'age.seconds', { n: 12 })).toBe('12 s ago')
    expect(fillIn('{a} {b}', { a: 1 })).toBe('1 {b}')
  })

  it('are looked up only under names of the catalogue', () => {
    expect(isKey('alarm.outbox_full')).toBe(true)
    expect(isKey('alarm.of_tomorrow')).toBe(false)
    expect(isKey('constructor')).toBe(false)
  })

  it.each([
    ['?lang=en', null, 'en'],
    ['?lang=en-US', 'zh-CN', 'en'],
    ['?lang=zh-CN', 'en', 'zh-CN'],
    ['?lang=fr', 'en', 'en'],
    ['', 'en', 'en'],
    ['', null, 'zh-CN'],
    ['', 'nonsense', 'zh-CN'],
  ] as const)('at %j with %j remembered are %s', (search, stored, want) => {
    expect(chooseLocale(search, stored)).toBe(want)
  })
})

describe('times', () => {
  const at = Date.parse('2026-11-23T08:58:31+08:00')
  const zone = 'Asia/Shanghai'

  it('are written as the hall writes them', () => {
    expect(formatDay(at, 'zh-CN', zone)).toBe('2026年11月23日 星期一')
    expect(formatDay(at, 'en', zone)).toBe('Monday 23 November 2026')
    expect(formatTime(at, zone)).toBe('08:58:31')
    expect(formatMinute(at, zone)).toBe('08:58')
    expect(formatTime(Date.parse('2026-11-23T00:00:05+08:00'), zone)).toBe('00:00:05')
  })

  it('carry the date on another day', () => {
    expect(formatMoment(at, at + 3_600_000, zone)).toBe('08:58:31')
    expect(formatMoment(at, at + 86_400_000, zone)).toBe('11-23 08:58:31')
    expect(formatMoment(at, null, zone)).toBe('11-23 08:58:31')
    expect(formatBrief(at, at, zone)).toBe('08:58')
    expect(formatBrief(at, at + 86_400_000, zone)).toBe('11-23')
  })

  it('stand in a zone that the browser does not know', () => {
    expect(formatTime(at, 'Mars/Olympus')).toBe('08:58:31')
    expect(formatTime(at, '')).toBe('08:58:31')
  })

  it.each([
    [-3_000, 'age.now', 0], [1_999, 'age.now', 0], [12_900, 'age.seconds', 12], [60_000, 'age.minutes', 1],
    [3_599_999, 'age.minutes', 59], [3_600_000, 'age.hours', 1], [172_800_000, 'age.days', 2],
  ] as const)('%i ms ago is %s %i', (ms, key, n) => {
    expect(age(ms)).toEqual({ key, n })
  })

  it('are measured without sign', () => {
    expect(duration(-120)).toEqual({ key: 'duration.ms', n: 120 })
    expect(duration(7_260_000)).toEqual({ key: 'duration.hours', n: 2 })
  })

  it('count with separators', () => {
    expect([0, 999, 1_000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567'])
  })
})
