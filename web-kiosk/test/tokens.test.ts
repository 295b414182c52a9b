import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'src/tokens.css'), 'utf8')

const colours = new Map<string, string>()
for (const [, name = '', value = ''] of text.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6});/g)) colours.set(name, value)

const pairs = [...text.matchAll(/\* pair (--[\w-]+)\s+(--[\w-]+)\s+([\d.]+)/g)].map(
  ([, foreground = '', ground = '', least = '']) => ({ foreground, ground, least: Number(least) }),
)

/** Relative luminance by WCAG 2.2. */
function luminance(colour: string): number {
  const channel = (at: number) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

describe('tokens', () => {
  it('knows black on white as 21', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  })

  it.each(pairs)('$foreground on $ground has at least $least', ({ foreground, ground, least }) => {
    const [a, b] = [colours.get(foreground), colours.get(ground)]
    if (a === undefined || b === undefined) throw new Error(`${foreground} or ${ground} is no colour`)
    expect(contrast(a, b)).toBeGreaterThanOrEqual(least)
  })

  it('pairs every text colour with a ground', () => {
    const unpaired = [...colours.keys()].filter(
      (name) => !/-(rule|cut-line)$/.test(name) && !pairs.some((pair) => pair.foreground === name || pair.ground === name),
    )
    expect(unpaired).toEqual([])
  })

  it('pairs every text on navy with 7, not 4.5', () => {
    const weak = pairs.filter((pair) => pair.ground.startsWith('--navy') && pair.least < 7 && !pair.foreground.endsWith('-edge'))
    expect(weak).toEqual([])
  })
})

describe('the other files', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|css|ts)$/.test(name))

  it.each(files.filter((name) => name !== 'tokens.css'))('%s holds no literal colour', (name) => {
    const source = readFileSync(join(root, 'src', name), 'utf8')
    // An id in a template or a private member is no colour: only what follows a colon, comma, bracket or quote counts.
    const literal = /[:,(\s'"](#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}|#[0-9a-fA-F]{8})\b(?![-\w])|\b(?:rgba?|hsla?|oklch)\(/.exec(source)
    expect(literal?.[0]).toBeUndefined()
  })

  it.each(files.filter((name) => name !== 'tokens.css'))('%s uses only tokens and roles that exist', (name) => {
    const everywhere = files.map((file) => readFileSync(join(root, 'src', file), 'utf8')).join('\n')
    const source = readFileSync(join(root, 'src', name), 'utf8')
    const unknown = [...source.matchAll(/var\((--(?!el-)[\w-]+)/g)]
      .map(([, variable = '']) => variable)
      .filter((variable) => !everywhere.includes(`${variable}:`) && !everywhere.includes(`'${variable}':`))
    expect(unknown).toEqual([])
  })
})
