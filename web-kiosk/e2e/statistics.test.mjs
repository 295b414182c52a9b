// What became of tickets: figures, charts and the tickets behind them, against a real hub.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, launch, shoot } from './fixture/browser.mjs'
import { Hall } from './fixture/hall-programs.mjs'
import { administrator, consoleOf } from './fixture/people.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

describe('statistics', () => {
  test('every figure leads to its tickets', { timeout: 300_000 }, async () => {
    const hall = new Hall()
    try {
      await hall.startHub()
      await hall.send('PUT', 'departments/civil', { name: '民政局' })
      await hall.send('PUT', 'windows/w1', { number: '01', name: '婚姻登记', department: '民政局' })
      await hall.send('PUT', 'windows/w2', { number: '02', name: '社会救助', department: '民政局' })
      await hall.send('PUT', 'services/a', { name: '婚姻登记', department: 'civil', prefix: 'A', windows: ['w1'], wait_max: 10 })
      await hall.send('PUT', 'services/b', { name: '社会救助', department: 'civil', prefix: 'B', windows: ['w2'] })
      await administrator(browser, hall)
      const page = await consoleOf(browser, hall, 'admin', 'statistics')
      await page.setViewportSize({ width: 1440, height: 900 })
      await page.locator('[data-statistics="empty"]').waitFor()

      for (const service of ['a', 'a', 'a', 'b', 'b']) await hall.send('POST', 'tickets', { service })
      for (const [window, last] of [['w1', 'finish'], ['w1', 'no-show'], ['w2', 'finish']]) {
        await hall.send('POST', `windows/${window}/call-next`)
        if (last === 'finish') await hall.send('POST', `windows/${window}/start`)
        await hall.send('POST', `windows/${window}/${last}`, last === 'finish' ? { outcome: 'done' } : undefined)
      }
      await page.locator('[data-by="service"]').click()
      const row = page.locator('[data-table="figures"] [data-key="a"]')
      await row.waitFor()
      assert.equal(await page.locator('[data-total="issued"]').textContent(), '5')
      assert.deepEqual((await row.locator('td').allTextContents()).slice(0, 6).map((cell) => cell.trim()).slice(0, 2), ['3', '1'])
      await page.locator('.chart svg path').first().waitFor({ state: 'attached' })
      assert.equal(await page.locator('[role="img"][aria-label^="图表"]').count(), 2)
      await row.getByRole('button').click()
      const visits = page.locator('[data-statistics="visits"] tbody tr')
      await visits.first().waitFor()
      assert.deepEqual((await visits.locator('td:first-child').allTextContents()).sort(), ['A001', 'A002', 'A003'])
      await shoot(page, 'statistics-service')
      await assertAccessible(page, 'statistics by service')

      await page.locator('[data-by="weekday_hour"]').click()
      await page.locator('.chart svg').first().waitFor()
      await page.locator('[data-table="figures"] tbody tr').first().waitFor()
      await shoot(page, 'statistics-heat')
      await assertAccessible(page, 'statistics by weekday and hour')
      const book = await page.request.get(await page.locator('a.export').first().getAttribute('href').then((href) => `${hall.http}${href}`))
      assert.equal(book.status(), 200)
      assert.equal((await book.body()).subarray(0, 2).toString(), 'PK')
      await page.done()
    } finally {
      await hall.stop()
    }
  })
})
