// Paper numbers of the time in which the hub was away are entered on the console,
// count in the statistics, and are taken back.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, launch, shoot } from './fixture/browser.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, consoleOf } from './fixture/people.mjs'

let browser, hall, page, day
before(async () => {
  browser = await launch()
  hall = new Hall()
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  for (const [n, name] of [[1, '婚姻登记'], [2, '社会救助']]) await hall.send('PUT', `windows/w${n}`, { number: `0${n}`, name, department: '民政局' })
  await hall.send('PUT', 'services/marriage', { name: '婚姻登记', department: 'civil', prefix: 'A', windows: ['w1'], promised_days: 5 })
  await hall.send('PUT', 'services/aid', { name: '社会救助', department: 'civil', prefix: 'B', windows: ['w2'] })
  await account(browser, hall, 'dudao', { name: '督导员', role: 'supervisor' })
  page = await consoleOf(browser, hall, 'dudao', 'paper')
  await page.setViewportSize({ width: 1440, height: 900 })
  const yesterday = new Date(`${(await hall.get('live')).hall.day}T00:00:00Z`)
  yesterday.setUTCDate(yesterday.getUTCDate() - 1) // its times are past at any hour
  day = yesterday.toISOString().slice(0, 10)
})
after(async () => {
  await page?.done()
  await hall.stop()
  await browser.close()
})

const cell = (row, name) => page.locator(`tr[data-row="${row}"] [data-cell="${name}"]`)
async function fill(row, values) {
  for (const [name, value] of Object.entries(values)) {
    if (['service', 'window', 'class', 'outcome', 'staff'].includes(name)) await cell(row, name).selectOption(value)
    else await cell(row, name).fill(value)
  }
}
const fault = (row, name) => page.locator(`#fault-${row}-${name}`)

describe('paper numbers', () => {
  test('are entered whole or not at all; each fault stands at its cell', { timeout: 300_000 }, async () => {
    await page.waitForSelector('[data-paper-rows]')
    await page.locator('input[name=day]').fill(day)
    await fill(0, { service: 'marriage', paper: '17', window: 'w1', class: 'elderly', taken: '900', called: '9:10', finished: '9：30', outcome: 'accepted' })
    await page.locator('[data-add]').click()
    assert.equal(await cell(1, 'paper').inputValue(), '18', 'the pad goes on')
    assert.equal(await cell(1, 'window').inputValue(), 'w1')
    assert.equal(await cell(0, 'finished').inputValue(), '09:30')
    await fill(1, { taken: '09:02', called: '09:20', finished: '09:10', outcome: 'notice' })
    await page.locator('[data-enter]').click()
    await fault(1, 'finished').waitFor()
    assert.match(await fault(1, 'finished').innerText(), /不能早于呼叫时间/)
    assert.match(await fault(1, 'reason').innerText(), /必须填写/)
    assert.match(await page.locator('[data-said]').innerText(), /2 处需要改正/)
    assert.equal((await hall.get('visits/paper')).visits.length, 0)
    await assertAccessible(page, 'paper numbers, faults')
    await shoot(page, 'console-paper-faults')

    await fill(1, { finished: '09:40', reason: '缺户口簿' })
    await page.locator('[data-enter]').click()
    await fault(1, 'called').waitFor()
    assert.match(await fault(1, 'called').innerText(), /与该窗口 09:10 至 09:30 的 17 重叠/)
    await fill(1, { called: '09:30' })
    await page.locator('[data-add]').click()
    await fill(2, { taken: '09:05', called: '09:41', outcome: 'missed' })
    await page.reload() // what was typed is still there
    await page.waitForSelector('[data-paper-rows]')
    assert.equal(await cell(1, 'reason').inputValue(), '缺户口簿')
    await page.locator('[data-enter]').click()
    await page.waitForSelector('[data-entered="19"]')
    assert.equal(await page.locator('tr[data-row]').count(), 1)
    assert.match(await page.locator('[data-entered="17"]').innerText(), /受理[\s\S]*办件 \d{4}-000001[\s\S]*dudao/)
    await assertAccessible(page, 'paper numbers')
    await shoot(page, 'console-paper')

    const { total } = await hall.get(`statistics/queue?from=${day}&until=${day}`)
    assert.deepEqual([total.issued, total.finished, total.missed, total.paper], [3, 2, 1, 3])
    const events = (await hall.events()).filter((e) => e.kind === 'visit.entered')
    assert.deepEqual(events.map((e) => e.actor.id), ['dudao', 'dudao', 'dudao'])
    assert.ok(!JSON.stringify(events).includes('缺户口簿'), 'free text is sealed')
  })

  test('come from a spreadsheet, are refused where they are doubled, and are taken back', { timeout: 300_000 }, async () => {
    await page.locator('[data-file]').setInputFiles({ name: '纸质号.csv', mimeType: 'text/csv',
      buffer: Buffer.from('业务,纸质号,窗口,取号,呼叫,结束,结果\n婚姻登记,17,1,9:50,9:55,10:00,当场办结\n社会救助,1,2,9:00,9:05,9:20,不予受理\n') })
    await until('the rows are there', async () => (await page.locator('tr[data-row]').count()) === 2)
    assert.equal(await cell(1, 'service').inputValue(), 'aid')
    assert.equal(await cell(1, 'window').inputValue(), 'w2')
    await page.locator('[data-enter]').click()
    await fault(0, 'paper').waitFor()
    assert.match(await fault(0, 'paper').innerText(), /这个号已由 dudao 于 \d\d-\d\d \d\d:\d\d 补录/)
    assert.match(await fault(1, 'reason').innerText(), /必须填写/)
    await page.locator('[data-entered="17"] [data-withdraw]').click()
    await page.locator('[data-field="reason"] textarea').fill('时间录错')
    await page.locator('.el-dialog button[type=submit]').click()
    await page.waitForSelector('[data-entered="17"][data-withdrawn="true"]')
    await fill(1, { reason: '材料不符' })
    await page.locator('[data-enter]').click()
    await page.waitForSelector('[data-entered="1"]')
    const { total } = await hall.get(`statistics/queue?from=${day}&until=${day}`)
    assert.deepEqual([total.issued, total.paper], [4, 4])
    await page.goto(`${hall.http}/console#/statistics`)
    await page.locator('[name=span]').selectOption('custom')
    await page.locator('[name=from]').fill(day)
    await page.locator('[name=until]').fill(day)
    await page.waitForSelector('[data-total="paper"]')
    await page.locator(`[data-key="${day}"] button`).click()
    await page.locator('[data-statistics="visits"]').getByText('纸质号补录').first().waitFor()
  })

  test('come by page where there are many, and what is typed stays meanwhile', { timeout: 300_000 }, async () => {
    await hall.send('POST', 'visits/paper', { day, rows: Array.from({ length: 60 }, (_, n) => ({ service: 'aid', paper: String(100 + n), class: 'ordinary', window: 'w2', taken: '10:00', called: '10:05', outcome: 'missed' })) })
    await page.goto(`${hall.http}/console#/paper`)
    await page.waitForSelector('[data-pages]')
    assert.match(await page.locator('[data-pages]').innerText(), /第 1 至 50 条，共 65 条/)
    assert.equal(await page.locator('tr[data-entered]').count(), 50)
    await cell(0, 'paper').fill('200')
    await page.locator('[data-pages] button').last().click()
    await page.waitForSelector('[data-entered="17"]')
    assert.match(await page.locator('[data-pages]').innerText(), /第 51 至 65 条，共 65 条/)
    assert.equal(await cell(0, 'paper').inputValue(), '200')
    assert.ok(await page.locator('[data-pages] button').last().isDisabled())
    await assertAccessible(page, 'the last page of paper numbers')
    await page.locator('[data-pages] button').first().click()
    await page.waitForFunction(() => document.querySelectorAll('tr[data-entered]').length === 50)
  })
})
