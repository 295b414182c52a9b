// Tickets on paper against a real hall: kiosk page, hub, the kiosk's agent, a printer on TCP.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { startPrinter } from './fixture/printer.mjs'

let browser, hall, key, printer
const portrait = { viewport: { width: 1080, height: 1920 }, hasTouch: true }

before(async () => {
  browser = await launch({ kiosk: true })
  printer = await startPrinter()
  hall = new Hall()
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  await hall.send('PUT', 'windows/w1', { number: '01', name: '婚姻登记', department: '民政局' })
  await hall.send('PUT', 'services/marriage', { name: '婚姻登记', department: 'civil', prefix: 'A', windows: ['w1'], common: true })
  key = (await hall.send('POST', 'tokens', { role: 'screen', name: '取号机' })).token
  await hall.startAgent('kiosk1', { printer: `tcp://${printer.address}` })
  await until('the printer is heard', async () => (await hall.get('live')).devices.kiosk1?.printer === 'ready')
})
after(async () => {
  await hall.stop()
  await printer.close()
  await browser.close()
})

async function take() {
  const page = await open(browser, `${hall.http}/kiosk#key=${key}&printer=kiosk1`, portrait)
  await connection(page, 'live')
  await page.locator('[data-service="marriage"]').tap()
  await page.locator('[data-take="ordinary"]').tap()
  await page.waitForSelector('[data-view="ticket"]')
  return page
}

describe('tickets on paper', () => {
  test('a ticket is printed', { timeout: 300_000 }, async () => {
    const page = await take()
    await page.waitForSelector('[data-print="done"]', { timeout: 60_000 })
    assert.equal(printer.jobs.length, 1)
    assert.ok(printer.jobs[0].includes(Buffer.from('A001')), 'the number is on the paper')
    assert.match(await page.locator('[data-print]').innerText(), /请取走号票/)
    await assertAccessible(page, 'kiosk, printed')
    await shoot(page, 'kiosk-printed')
    await page.done()
  })

  test('no paper: the citizen hears why, notes the number or prints again; the console alarms', { timeout: 300_000 }, async () => {
    printer.paper = false
    await until('the alarm', async () => Object.values((await hall.get('live')).alarms).find((a) => a.kind === 'printer' && a.detail === 'paper_out'))
    const page = await take()
    await page.waitForSelector('[data-print="failed"]', { timeout: 60_000 })
    assert.match(await page.locator('[data-print]').innerText(), /缺纸/)
    await assertAccessible(page, 'kiosk, not printed')
    await shoot(page, 'kiosk-not-printed')
    printer.paper = true
    await page.locator('[data-again]').tap()
    await page.waitForSelector('[data-print="done"]', { timeout: 60_000 })
    assert.equal(printer.jobs.length, 2)
    await until('the alarm ends', async () => !Object.values((await hall.get('live')).alarms).some((a) => a.kind === 'printer'))
    await page.done()
  })

  test('what nobody received leaves the line; what was noted stays', { timeout: 300_000 }, async () => {
    printer.paper = false
    const day = (await hall.get('live')).hall.day
    await hall.send('POST', 'policy/parameters/receive_within', { value: 3, from: day, reference: '大厅规定' })
    const noted = await take()
    await noted.waitForSelector('[data-print="failed"]', { timeout: 60_000 })
    const kept = await noted.locator('[data-ticket]').getAttribute('data-ticket')
    await noted.locator('[data-done]').tap()
    await noted.waitForSelector('[data-view="home"]')
    const page = await take()
    const ghost = await page.locator('[data-ticket]').getAttribute('data-ticket')
    await until('the ghost has left', async () => (await hall.get(`tickets/${ghost}`)).why === 'never_received')
    assert.equal((await hall.get(`tickets/${kept}`)).stage, 'waiting')
    await page.done()
    await noted.done()
  })
})
