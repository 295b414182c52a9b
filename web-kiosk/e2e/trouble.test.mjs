// What people see when something goes wrong: the hub dies in mid-call, the printer is
// off, a service is taken off, the hall has closed, a clock goes back.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, password, signIn } from './fixture/people.mjs'
import { startPrinter } from './fixture/printer.mjs'

let browser, hall, key, printer
const portrait = { viewport: { width: 1080, height: 1920 }, hasTouch: true }
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
const marriage = { name: '婚姻登记', department: 'civil', prefix: 'A', windows: ['w1', 'w2'], common: true, documents: ['身份证'] }

before(async () => {
  browser = await launch({ kiosk: true })
  printer = await startPrinter()
  hall = new Hall()
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  for (const n of [1, 2]) await hall.send('PUT', `windows/w${n}`, { number: `0${n}`, name: '婚姻登记', department: '民政局' })
  await hall.send('PUT', 'services/marriage', marriage)
  key = (await hall.send('POST', 'tokens', { role: 'screen', name: '取号机' })).token
  await hall.send('PUT', 'staff/s1', { name: '演示员一', department: 'civil', employment: 'in_post', work_since: '2015-07-01', born: '1990-05-01' })
  await account(browser, hall, 'clerk', { name: '演示员一', role: 'staff', staff: 's1' })
  await hall.startAgent('kiosk1', { printer: `tcp://${printer.address}` })
  await until('the printer is heard', async () => (await hall.get('live')).devices.kiosk1?.printer === 'ready')
})
after(async () => {
  await hall.stop()
  await printer.close()
  await browser.close()
})

const view = (page, wanted, timeout = 60_000) => page.waitForSelector(`[data-view="${wanted}"]`, { timeout })
async function kiosk(query = '') {
  const page = await open(browser, `${hall.http}/kiosk#key=${key}${query}`, portrait)
  await connection(page, 'live')
  await page.waitForSelector('[data-service="marriage"]')
  return page
}
const today = async () => (await hall.get('live')).hall.day
const set = async (name, value) => hall.send('POST', `policy/parameters/${name}`, { value, from: await today(), reference: '演示' })

describe('in trouble', () => {
  test('the hub is killed in mid-call: screens say so, and the line goes on where it was', { timeout: 300_000 }, async () => {
    const tickets = []
    for (let n = 0; n < 3; n++) tickets.push(await hall.send('POST', 'tickets', { service: 'marriage' }))
    const clerk = await open(browser, `${hall.http}/login?next=/window/w1`, { viewport: { width: 1366, height: 768 } })
    await signIn(clerk, 'clerk', password)
    await clerk.waitForSelector('[data-why]')
    await clerk.keyboard.press('Space')
    await clerk.waitForSelector('[data-stage="called"]')
    await hall.send('POST', 'windows/w2/call-next', {})
    await hall.send('POST', 'windows/w2/start', {})
    const lobby = await open(browser, `${hall.http}/lobby?volume=5`)
    await lobby.waitForSelector('[data-number="A002"]')
    const mobile = await open(browser, `${hall.http}/t/${tickets[0].token}`, phone)
    await mobile.waitForSelector('[data-called]')
    const line = async () => {
      const { waiting, held, counters } = await hall.get('line')
      return [...waiting, ...held, ...counters.map(({ ticket, ...rest }) => ({ ...rest, ...ticket }))].map((row) => ({ ...row, wait: undefined, wait_error: undefined }))
    }
    const before = await line()

    await hall.killHub()
    for (const page of [clerk, lobby]) await connection(page, ['stale', 'disconnected'])
    assert.match(await lobby.locator('[data-banner]').innerText(), /中断/)
    await mobile.waitForSelector('[data-stale]', { timeout: 60_000 })
    assert.match(await mobile.locator('[data-stale]').innerText(), /没有收到大厅的消息/)
    await assertAccessible(mobile, 'phone, stale')
    await clerk.keyboard.press('Space') // a press that reaches nobody does nothing
    await shoot(clerk, 'panel-cut-off')
    await hall.startHub()
    for (const page of [clerk, lobby]) await connection(page, 'live')
    assert.deepEqual(await line(), before, 'after the restart the line is exactly what it was')
    await clerk.waitForSelector('[data-stage="called"]')
    assert.match(await clerk.locator('.current').innerText(), /A001/)
    await lobby.waitForSelector('[data-number="A002"]')
    await mobile.waitForSelector('[data-stale]', { state: 'detached', timeout: 60_000 })
    await mobile.reload()
    await mobile.waitForSelector('[data-called]')
    await clerk.waitForFunction(() => !document.querySelector('[role=alert]'), undefined, { timeout: 15_000 }).catch(() => undefined)
    await clerk.keyboard.press('Space')
    await clerk.waitForSelector('[data-stage="serving"]')
    assert.equal((await hall.events()).filter((e) => e.kind === 'ticket.called' && e.data.number === 'A001').length, 1)
    for (const page of [clerk, lobby, mobile]) await page.done()
  })

  test('a service is taken off while somebody reads about it; a changed guide is read anew', { timeout: 300_000 }, async () => {
    await hall.send('PUT', 'services/short', { ...marriage, name: '临时业务', prefix: 'T' })
    const page = await kiosk()
    await page.locator('[data-service="short"]').tap()
    await view(page, 'guide')
    await hall.send('DELETE', 'services/short')
    await view(page, 'home')
    assert.match(await page.locator('[data-trouble]').innerText(), /临时业务.*暂停办理/)
    await assertAccessible(page, 'kiosk, a service is gone')
    await shoot(page, 'kiosk-gone')
    await hall.send('PUT', 'services/marriage', { ...marriage, documents: ['身份证', '婚前体检表'] })
    await page.locator('[data-service="marriage"]').tap()
    await page.getByText('婚前体检表').waitFor()
    const unknown = await fetch(`${hall.http}/api/v1/tickets`, { method: 'POST', body: '{"service":"short"}', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Accept-Language': 'zh-CN' } })
    assert.equal(unknown.status, 422)
    assert.match((await unknown.json()).fields[0].message, /没有“short”/)
    await page.done()
  })

  test('the printer is off; and the hub goes while somebody says that the number is known', { timeout: 300_000 }, async () => {
    await printer.close()
    await until('the printer is missed', async () => (await hall.get('live')).devices.kiosk1?.printer === 'offline', 30_000)
    const page = await kiosk('&printer=kiosk1')
    await page.locator('[data-service="marriage"]').tap()
    await page.locator('[data-take="ordinary"]').tap()
    await page.waitForSelector('[data-print="failed"]', { timeout: 60_000 })
    assert.match(await page.locator('[data-print]').innerText(), /连不上/)
    await assertAccessible(page, 'kiosk, printer off')
    await shoot(page, 'kiosk-printer-off')
    const ticket = await page.locator('[data-ticket]').getAttribute('data-ticket')
    await hall.killHub()
    await page.locator('[data-done]').tap()
    await page.waitForSelector('[data-trouble]', { timeout: 60_000 })
    assert.equal(await page.locator('[data-ticket]').getAttribute('data-ticket'), ticket, 'nobody is sent away with a number that would leave the line')
    await hall.startHub()
    await connection(page, 'live')
    await page.locator('[data-done]').tap()
    await view(page, 'home')
    await until('the hub knows', async () => (await hall.events()).some((e) => e.kind === 'ticket.received' && e.data.ticket === ticket))
    await page.done()
  })

  test('a clock that goes back does not keep what the last person did', { timeout: 300_000 }, async () => {
    const context = await browser.newContext({ ...portrait, locale: 'zh-CN' })
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(`${hall.http}/kiosk#key=${key}`)
    await page.locator('[data-service="marriage"]').tap()
    await view(page, 'guide')
    await page.clock.setSystemTime(new Date(Date.now() - 3_600_000))
    await page.clock.runFor(61_000)
    await page.waitForSelector('[data-idle]')
    await page.clock.runFor(20_500)
    await page.waitForSelector('[data-idle]', { state: 'detached' })
    assert.equal(await page.locator('[data-take]').count(), 0)
    await context.close()
  })

  test('the hall has closed: the phone, the kiosk and the window say so', { timeout: 300_000 }, async () => {
    const last = await hall.send('POST', 'tickets', { service: 'marriage' })
    const mobile = await open(browser, `${hall.http}/t/${last.token}`, phone)
    await mobile.waitForSelector('[data-stage="waiting"]')
    const page = await kiosk()
    await page.locator('[data-service="marriage"]').tap()
    await set('tickets_until', 0)
    await set('line_end', 0)
    await page.locator('[data-take="ordinary"]').tap()
    await page.waitForSelector('[data-trouble]')
    assert.match(await page.locator('[data-trouble]').innerText(), /现在不取号，取号时间为/)
    await shoot(page, 'kiosk-closed')
    await mobile.waitForSelector('[data-stage="closed"]', { timeout: 60_000 })
    assert.match(await mobile.locator('main').innerText(), /今天已下班，这张号已关闭/)
    const late = await fetch(`${hall.http}/api/v1/windows/w2/finish`, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer operator-of-a-test-hall-on-loopback' } })
    assert.equal(late.status, 200, 'who is being served is let finish')
    const call = await fetch(`${hall.http}/api/v1/windows/w2/call-next`, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'Accept-Language': 'zh-CN', Authorization: 'Bearer operator-of-a-test-hall-on-loopback' } })
    assert.equal(call.status, 409)
    assert.equal((await call.json()).title, '没有等候的人')
    for (const p of [page, mobile]) await p.done()
  })
})
