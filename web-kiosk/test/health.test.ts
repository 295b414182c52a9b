import { expect, test } from 'vitest'
import { bytes, daily } from '../src/console/health/sizes'

test('sizes are read by a person', () => {
  expect([0, 1536, 5 * 2 ** 20, 999 * 2 ** 20, 12.34 * 2 ** 30, 512 * 2 ** 30, 3 * 2 ** 40, -2 * 2 ** 20].map(bytes))
    .toEqual(['0.0 KiB', '1.5 KiB', '5.0 MiB', '999 MiB', '12.3 GiB', '512 GiB', '3.0 TiB', '−2.0 MiB'])
})

test('a day counts by its last sample', () => {
  const at = (day: string, hour: string, free: number) => ({ at: `2026-11-${day}T${hour}:00:00+08:00`, free, data: 1 })
  const samples = [at('22', '00', 9), at('22', '18', 8), at('23', '06', 7)]
  expect(daily(samples, (when) => when.slice(5, 10)).map(([day, { free }]) => [day, free])).toEqual([['11-22', 8], ['11-23', 7]])
})
