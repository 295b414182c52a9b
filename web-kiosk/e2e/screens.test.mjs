// Screens enrol by the code that they show: a kiosk and a tablet in browsers of their
// own, a supervisor who types their codes at the console in another, and the real hub.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, consoleOf, enter, submit } from './fixture/people.mjs'

let browser, hall, console
const kiosk = { viewport: { width: 1920, height: 1080 }, hasTouch: true }
const tablet = { viewport: { width: 1280, height: 800 }, hasTouch: true }

before(async () => {
  browser = await launch()
  hall = new Hall()
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  for (const [id, number] of [['w3', '03'], ['w4', '04']]) await hall.send('PUT', `windows/${id}`, { number, name: '婚姻登记', department: '民政局' })
  await hall.send('PUT', 'services/marriage', { name: '婚姻登记', department: 'civil', prefix: 'A', windows: ['w3'] })
  await account(browser, hall, 'chief', { name: '演示主任', role: 'supervisor' })
  console = await consoleOf(browser, hall, 'chief', 'screens')
})
after(async () => {
  await console.done()
  await hall.stop()
  await browser.close()
})

const codeOn = async (page) => {
  const code = await page.locator('[data-code]').innerText()
  assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/)
  return code
}

/** A person walks to the console with the code in their head, and types it without its dash. */
async function confirm(code, name, use, window) {
  await console.locator('[data-add]').click()
  await submit(console, { code: code.replace('-', '').toLowerCase(), name, use, ...(window ? { window } : {}) }, '确认')
  await console.waitForSelector(`[data-screen="${name}"]`)
}

async function remove(name) {
  await console.locator(`[data-screen="${name}"] [data-remove]`).click()
  await submit(console, { reason: '停用' }, '移除')
  await console.waitForSelector(`[data-screen="${name}"][data-ended]`)
}

/** Asks as the page's browser does. */
const asks = (page, method, path, body) => page.evaluate(async ([method, path, body]) => {
  const response = await fetch(`/api/v1/${path}`, { method, headers: { 'Content-Type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) })
  return response.status
}, [method, path, body])

describe('a screen', () => {
  test('shows a code, is a kiosk once it is typed at the console, and takes a ticket; a hub that starts again does not matter', { timeout: 300_000 }, async () => {
    const page = await open(browser, `${hall.http}/kiosk`, kiosk)
    await page.waitForSelector('[data-gate="code"]')
    await shoot(page, 'screen-code-1080p')
    await assertAccessible(page, 'the code')
    assert.equal(await asks(page, 'POST', 'tickets', { service: 'marriage' }), 401, 'before it is confirmed it may do nothing')
    const high = await page.locator('[data-code]').evaluate((code) => parseFloat(getComputedStyle(code).fontSize))
    assert.ok(high >= 139, `the code is read from two metres, at ${high} px`)

    await shoot(console, 'screens-empty')
    await confirm(await codeOn(page), '一楼取号机', '取号机')
    await page.waitForSelector('.page[data-view="home"]')
    await page.getByRole('button', { name: /婚姻登记/ }).tap()
    await page.locator('[data-view="guide"] button.primary').first().tap()
    assert.match(await page.locator('[data-number]').innerText(), /A001/)
    assert.equal(await asks(page, 'GET', 'staff'), 403, 'a kiosk reads no roster')

    await hall.killHub()
    await hall.startHub()
    await connection(page, 'live')
    await until('it is a kiosk again by itself', async () => (await asks(page, 'POST', 'tickets', { service: 'marriage' })) === 201)
    await connection(console, 'live')
    const events = await hall.events()
    assert.equal(events.filter(({ kind }) => kind === 'screen.confirmed').length, 1)
    assert.equal(events.filter(({ kind }) => kind === 'screen.signed_in').length, 1, 'a day is one event, also over a start of the hub')
    const [confirmed] = events.filter(({ kind }) => kind === 'screen.confirmed')
    assert.equal(confirmed.actor.id, 'chief')
    await page.done()
  })

  test('that is removed says so at once and shows another code', { timeout: 300_000 }, async () => {
    const page = await open(browser, `${hall.http}/rate/w3`, tablet)
    await page.waitForSelector('[data-gate="code"]')
    await shoot(page, 'screen-code-1280')
    await confirm(await codeOn(page), '三号评价器', '评价器', '03 婚姻登记')
    await page.waitForSelector('.page[data-view="idle"]')
    assert.deepEqual([await asks(page, 'GET', 'windows/w3/rating'), await asks(page, 'GET', 'windows/w4/rating'), await asks(page, 'POST', 'windows/w4/ratings', { level: 5 })], [200, 403, 403], 'it is that of its own window')
    await shoot(console, 'screens-list')
    await assertAccessible(console, 'the console’s screens')

    await page.goto(`${hall.http}/rate/w4`)
    await page.waitForSelector('[data-gate="other"]')
    await shoot(page, 'screen-other')
    await assertAccessible(page, 'another screen’s page')
    await page.locator('.go').tap()
    await page.waitForSelector('.page[data-view="idle"]')

    let closed = false
    page.on('websocket', () => {})
    await page.evaluate(() => {
      const socket = new WebSocket(`ws://${location.host}/ws/live`)
      globalThis.cut = new Promise((resolve) => { socket.onclose = resolve })
      return new Promise((resolve) => { socket.onopen = resolve })
    })
    await remove('三号评价器')
    closed = await page.evaluate(() => Promise.race([globalThis.cut.then(() => true), new Promise((resolve) => { setTimeout(resolve, 5_000, false) })]))
    assert.ok(closed, 'its websocket is cut')
    assert.equal(await asks(page, 'GET', 'windows/w3/rating'), 401, 'its session is over')
    await page.waitForSelector('[data-gate="code"] .ended')
    await shoot(page, 'screen-removed')
    await codeOn(page)
    await page.reload()
    await page.waitForSelector('[data-gate="code"]')
    await page.done()
  })

  test('of the lobby that asks for the roster is refused, and is a lobby screen again without being enrolled', { timeout: 300_000 }, async () => {
    const page = await open(browser, `${hall.http}/screen`, kiosk)
    await page.waitForSelector('[data-gate="code"]')
    await confirm(await codeOn(page), '大厅屏', '大厅屏')
    await page.waitForURL('**/lobby')
    await connection(page, 'live')
    await until('it has proved itself', async () => (await page.evaluate(async () => (await (await fetch('/api/v1/session')).json()).use)) === 'lobby')
    for (const path of ['staff', 'line', 'events', 'screens', 'windows/w3/rating']) assert.equal(await asks(page, 'GET', path), 403, path)
    assert.equal(await asks(page, 'POST', 'tickets', { service: 'marriage' }), 403)
    for (const path of ['live', 'board', 'services']) assert.equal(await asks(page, 'GET', path), 200, path)

    await remove('大厅屏')
    await page.waitForSelector('[data-gate="code"] .ended')
    await page.getByRole('button', { name: '不登记，只显示公开内容' }).tap()
    await page.waitForSelector('.screen')
    await page.done()
  })

  test('is confirmed by phone from its picture; in English too', { timeout: 300_000 }, async () => {
    const page = await open(browser, `${hall.http}/rate/w4?lang=en`, tablet)
    await page.waitForSelector('[data-gate="code"]')
    await shoot(page, 'screen-code-en')
    const code = await codeOn(page)
    await console.goto(`${hall.http}/console#/hall`)
    await console.goto(`${hall.http}/console#/screens?code=${code}&use=rate&window=w4`)
    await console.waitForSelector('.el-dialog')
    await shoot(console, 'screens-dialog')
    await enter(console, { name: '四号评价器' })
    await console.getByRole('dialog').getByRole('button', { name: '确认', exact: true }).click()
    await page.waitForSelector('.page[data-view="idle"]')
    await page.done()
  })
})
