/**
 * Sizes of a lobby screen by UX rule 3: what must be read from the farthest
 * seat has a capital height of 22 arc minutes for numbers and 16 for other
 * text. The size in pixels follows from the distance and the panel.
 */

/** The capital height of Noto Sans SC, as a share of the font size. */
export const CAPITAL = 0.727
export const NUMBER_ARC = 22
export const TEXT_ARC = 16

export interface Hall {
  /** The farthest seat, in metres. */
  distance: number
  /** The panel's diagonal, in inches. */
  diagonal: number
}

/** Rule 3's own example; a hall sets its own in the page's address. */
export const usual: Hall = { distance: 10, diagonal: 55 }

/** Reads ?distance= (1 to 60 m) and ?diagonal= (10 to 300 inches); what is no such number is the usual one of the page. */
export function hallFrom(search: string, otherwise: Hall = usual): Hall {
  const query = new URLSearchParams(search)
  const read = (name: keyof Hall, least: number, most: number) => {
    const n = Number(query.get(name) ?? Number.NaN)
    return n >= least && n <= most ? n : otherwise[name]
  }
  return { distance: read('distance', 1, 60), diagonal: read('diagonal', 10, 300) }
}

/** The least font size in CSS pixels for a capital height of `arc` arc minutes. */
export function leastSize(arc: number, hall: Hall, width: number, height: number): number {
  const millimetres = hall.distance * 1_000 * tangent(arc)
  const pixel = (hall.diagonal * 25.4) / Math.hypot(width, height)
  return millimetres / pixel / CAPITAL
}

function tangent(arc: number): number {
  return Math.tan((arc / 60) * (Math.PI / 180))
}

export interface Layout {
  /** Font size of text; numbers are 22/16 of it. */
  text: number
  number: number
  columns: number
  rows: number
  pages: number
  /** Whether there is room for a line with the department. */
  roomy: boolean
}

// The parts of the screen, in text sizes (1.0 is the font size of text).
const EDGE = 0.4
export const GAP = 0.24
const HEADER = 1.4
const FOOTER = 1.47
const TILE_WIDTH = 5.85
const TILE_HEIGHT = 3.74
const DEPARTMENT_HEIGHT = 1.4

/**
 * Lays out `count` tiles. Where all fit on one page, text grows as far as they
 * still do; where they don't, it stays at its least and pages turn.
 */
export function layOut(count: number, hall: Hall, width: number, height: number): Layout {
  const least = leastSize(TEXT_ARC, hall, width, height)
  const most = Math.max(least, Math.min(width / 14, height / 8))
  for (const roomy of [true, false]) {
    // Fine steps from large to small: the first that holds all is the largest.
    for (let text = most; text >= least; text -= Math.max(0.5, most / 400)) {
      const grid = fit(text, width, height, roomy)
      if (grid.columns * grid.rows >= count) return whole(text, grid, 1, count, roomy)
    }
  }
  const plain = fit(least, width, height, false)
  const withDepartment = fit(least, width, height, true)
  const roomy = withDepartment.rows === plain.rows
  const perPage = plain.columns * plain.rows
  return whole(least, plain, Math.max(1, Math.ceil(count / perPage)), count, roomy)
}

interface Grid {
  columns: number
  rows: number
}

function fit(text: number, width: number, height: number, roomy: boolean): Grid {
  const across = width / text - 2 * EDGE
  const down = height / text - HEADER - FOOTER
  const tile = TILE_HEIGHT + (roomy ? DEPARTMENT_HEIGHT : 0)
  return {
    columns: Math.max(1, Math.floor((across + GAP) / (TILE_WIDTH + GAP))),
    rows: Math.max(1, Math.floor((down + GAP) / (tile + GAP))),
  }
}

function whole(text: number, grid: Grid, pages: number, count: number, roomy: boolean): Layout {
  // Few windows do not leave a hole at the bottom: the rows that are there share the height.
  const columns = pages === 1 ? balanced(count, grid) : grid.columns
  const rows = pages === 1 ? Math.max(1, Math.ceil(count / columns)) : grid.rows
  return { text, number: text * (tangent(NUMBER_ARC) / tangent(TEXT_ARC)), columns, rows, pages, roomy }
}

/** The fewest columns that need no more rows than the full width does: 12 windows stand 4 by 3, not 5, 5 and 2. */
function balanced(count: number, grid: Grid): number {
  const rows = Math.ceil(Math.max(1, count) / grid.columns)
  return Math.max(1, Math.ceil(Math.max(1, count) / rows))
}
