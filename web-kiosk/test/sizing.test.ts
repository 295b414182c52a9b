import { describe, expect, it } from 'vitest'
import { CAPITAL, hallFrom, layOut, leastSize, NUMBER_ARC, TEXT_ARC, usual } from '../src/lobby/sizing'

describe('the lobby’s sizes', () => {
  it('follow UX rule 3: 64 mm at 10 m are capitals of 101 px and a font of 139 px on 55 inches', () => {
    const size = leastSize(NUMBER_ARC, { distance: 10, diagonal: 55 }, 1920, 1080)
    expect(Math.round(size * CAPITAL)).toBe(101)
    expect(Math.round(size)).toBe(139)
  })

  it('are as tall on the wall on any panel', () => {
    const onWall = (diagonal: number, width: number, height: number) =>
      leastSize(TEXT_ARC, { distance: 8, diagonal }, width, height) * ((diagonal * 25.4) / Math.hypot(width, height))
    expect(onWall(43, 3840, 2160)).toBeCloseTo(onWall(86, 1280, 720))
    expect(onWall(55, 1080, 1920)).toBeCloseTo(onWall(55, 1920, 1080))
  })

  it.each([
    ['', usual],
    ['?distance=6&diagonal=65', { distance: 6, diagonal: 65 }],
    ['?distance=0&diagonal=-3', usual],
    ['?distance=far', usual],
    ['?distance=7.5', { distance: 7.5, diagonal: 55 }],
  ])('are set by the address %j', (search, want) => {
    expect(hallFrom(search)).toEqual(want)
  })

  it.each([1, 4, 6, 7, 12, 13, 24, 50])('hold %i windows on pages without scrolling, never under the least size', (count) => {
    for (const distance of [3, 5, 8, 10, 15]) {
      for (const [width, height] of [[1920, 1080], [3840, 2160], [1280, 720], [1080, 1920]] as const) {
        const hall = { distance, diagonal: 55 }
        const layout = layOut(count, hall, width, height)
        expect(layout.columns * layout.rows * layout.pages).toBeGreaterThanOrEqual(count)
        expect(layout.text).toBeGreaterThanOrEqual(leastSize(TEXT_ARC, hall, width, height) - 1e-9)
        expect(layout.number).toBeGreaterThanOrEqual(leastSize(NUMBER_ARC, hall, width, height) - 1e-9)
      }
    }
  })

  it('grow where there is room and turn pages where there is none', () => {
    const near = layOut(12, { distance: 5, diagonal: 55 }, 1920, 1080)
    expect(near).toMatchObject({ pages: 1, columns: 4, rows: 3, roomy: true })
    expect(near.text).toBeGreaterThan(leastSize(TEXT_ARC, { distance: 5, diagonal: 55 }, 1920, 1080))
    expect(layOut(12, usual, 1920, 1080)).toMatchObject({ pages: 2, columns: 3, rows: 2 })
    expect(layOut(50, usual, 1920, 1080)).toMatchObject({ pages: 9 })
  })
})
