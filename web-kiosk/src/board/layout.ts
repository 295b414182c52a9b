import { leastSize, NUMBER_ARC, TEXT_ARC, type Hall } from '../lobby/sizing'

/** People stand nearer to a notice board than they sit in a hall; ?distance= and ?diagonal= say otherwise. */
export const usualBoard: Hall = { distance: 5, diagonal: 55 }

export interface Layout {
  /** Font size of text and of numbers, in CSS pixels. */
  readonly text: number
  readonly number: number
  /** Rows of one column, and columns side by side. */
  readonly rows: number
  readonly columns: number
  /** Whether one column has room for the department in a column of its own. */
  readonly wide: boolean
  /** An upright screen has its title and its foot in two lines. */
  readonly upright: boolean
  /** Lines of running text on one page, and signs in a line. */
  readonly lines: number
  readonly signs: number
}

// The parts of the screen, in text sizes; the page's styles have the same.
export const HEADER = 1.4
export const TITLE = 1.9
export const TITLE_UPRIGHT = 3
export const FOOTER = 1.75
export const FOOTER_UPRIGHT = 3.3
export const EDGE = 0.6
export const GAP = 1.2
export const HEAD = 1.15
export const ROW = 1.4
/** Rows that are few stand apart, as far as this. */
export const ROW_MOST = 2
export const LINE = 1.35
const COLUMN = 16.5

/** Lays the board out by UX rule 3: text has 16 arc minutes from where people stand, numbers 22; larger where the screen has room. */
export function layOut(hall: Hall, width: number, height: number): Layout {
  const short = Math.min(width, height)
  const text = Math.max(leastSize(TEXT_ARC, hall, width, height), short / 26)
  const upright = height > width
  const across = width / text - 2 * EDGE
  const room = height / text - HEADER - (upright ? TITLE_UPRIGHT + FOOTER_UPRIGHT : TITLE + FOOTER) - 0.2
  return {
    text,
    number: text * (NUMBER_ARC / TEXT_ARC),
    rows: Math.max(1, Math.floor((room - HEAD) / ROW)),
    columns: Math.max(1, Math.floor((across + GAP) / (COLUMN + GAP))),
    wide: across >= 28,
    upright,
    lines: Math.max(3, Math.floor(room / LINE)),
    signs: Math.max(8, Math.floor(across - 1.5)),
  }
}

/** Cuts a list into pages of one size that are as equal as can be: 22 rows stand 11 and 11, not 20 and 2. */
export function even<T>(list: readonly T[], most: number): T[][] {
  const count = Math.ceil(list.length / Math.max(1, most))
  const size = Math.ceil(list.length / Math.max(1, count))
  return Array.from({ length: count }, (_, n) => list.slice(n * size, (n + 1) * size))
}

/** How wide a text is, in Chinese signs; a Latin letter takes about half of one. */
export function signs(text: string): number {
  return [...text].reduce((sum, sign) => sum + (/[ -ɏ]/.test(sign) ? 0.6 : 1), 0)
}

/** Puts texts on pages of so many lines, each text whole, with room around each. */
export function pack<T>(list: readonly T[], text: (item: T) => string, lines: number, across: number, around = 0.5): T[][] {
  const pages: T[][] = []
  let left = 0
  for (const item of list) {
    const needs = Math.ceil(signs(text(item)) / across) + around
    if (pages.length === 0 || needs > left) {
      pages.push([])
      left = lines
    }
    pages.at(-1)?.push(item)
    left -= needs
  }
  return pages
}
