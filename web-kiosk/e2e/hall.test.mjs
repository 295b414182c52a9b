// The pages against a real hall: bin/hub, bin/agent on simulated pins, real MQTT.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open } from './fixture/browser.mjs'
import { Hall, operator, until } from './fixture/hall-programs.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const window1 = { number: '01', name: '综合受理', department: '政务服务局' }

/** Runs a test in a hall of its own with one window and its agent. */
function inHall(name, body) {
  test(name, { timeout: 300_000 }, async () => {
    const hall = new Hall()
    try {
      await hall.startHub()
      const agent = await hall.startAgent('w01')
      await hall.send('PUT', 'windows/w01', window1)
      await hall.send('POST', 'devices/w01/assign', { window: 'w01' })
      await body(hall, agent)
    } finally {
      await hall.stop()
    }
  })
}

/** Counts the loads of a page: what heals must heal without a reload. */
async function watched(hall, path) {
  const page = await open(browser, `${hall.http}${path}`, { extraHTTPHeaders: operator })
  await connection(page, 'live')
  await page.evaluate(() => { globalThis.sameLoad = true })
  return page
}

describe('a real hall', () => {
  inHall('a press at the pins changes the tile within a second', async (hall, agent) => {
    const page = await watched(hall, '/console')
    const ratings = page.locator('[data-window="w01"]')
    await ratings.waitFor()
    // Measured in the page itself, from the press to the changed tile, over five presses.
    for (let n = 1; n <= 5; n++) {
      const before = await ratings.innerText()
      const pressed = Date.now()
      const released = agent.press('rating5')
      const changed = await page.waitForFunction(([selector, old]) => {
        const count = (text) => /评价\s*(\d+)/.exec(text)[1]
        return count(document.querySelector(selector).innerText) !== count(old) && Date.now()
      }, ['[data-window="w01"]', before], { polling: 'raf', timeout: 60_000 })
      const took = await changed.jsonValue() - pressed
      assert.ok(took <= 1_000, `press ${n} showed after ${took} ms`)
      await released
      await until('the press is counted', async () => (await hall.get('live')).windows.w01.today.ratings === n)
      await page.waitForFunction(([selector, count]) => new RegExp(`评价\\s*${count}(?!\\d)`).test(document.querySelector(selector).innerText),
        ['[data-window="w01"]', n])
    }
    await page.done()
  })

  inHall('a killed hub makes both pages stale within five seconds, and a new start heals them without a reload', async (hall, agent) => {
    const pages = [await watched(hall, '/lobby'), await watched(hall, '/console')]
    await hall.killHub()
    const killed = Date.now()
    for (const page of pages) {
      await connection(page, ['stale', 'disconnected'])
      assert.ok(Date.now() - killed <= 5_000, `stale after ${Date.now() - killed} ms`)
    }
    await agent.press('rating4') // kept by the agent meanwhile
    await hall.startHub()
    for (const page of pages) {
      await connection(page, 'live')
      assert.ok(await page.evaluate(() => globalThis.sameLoad), 'the page was loaded again')
    }
    await until('the press made meanwhile arrives', async () => (await hall.get('live')).windows.w01.today.ratings === 1)
    await pages[1].waitForFunction(() => /评价\s*1(?!\d)/.test(document.querySelector('[data-window="w01"]').innerText))
    for (const page of pages) await page.done()
  })

  inHall('what cannot be stored is shown as a dead letter', async (hall) => {
    const page = await watched(hall, '/console#/dead-letters')
    await hall.publish('w01', 'this is no event')
    const letter = page.locator('[data-dead-letter="1"]')
    await letter.waitFor()
    assert.equal(await letter.getAttribute('data-reason'), 'not_json')
    await page.done()
  })

  inHall('a stranger is shown and can be assigned in the console', async (hall) => {
    await hall.send('PUT', 'windows/w02', { number: '02', name: '税务' })
    await hall.startAgent('stranger')
    const page = await watched(hall, '/console#/devices')
    const row = page.locator('[data-device="stranger"]')
    await row.waitFor()
    assert.match(await row.innerText(), /未分配/)
    await row.getByRole('button', { name: '分配' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.locator('.el-select').click()
    await page.getByRole('option', { name: /02号窗口/ }).click()
    await dialog.getByRole('button', { name: '分配' }).click()
    await page.waitForFunction(() => /02号窗口/.test(document.querySelector('[data-device="stranger"]').innerText))
    await until('the hub knows', async () => (await hall.get('live')).windows.w02.agent === 'stranger')
    await page.done()
  })

  inHall('axe finds nothing', async (hall) => {
    for (const path of ['/', '/lobby', '/lobby?lang=en', '/console', '/console?lang=en', '/console#/devices', '/console#/alarms', '/console#/dead-letters', '/console#/windows', '/docs', '/docs?lang=en']) {
      const page = await open(browser, `${hall.http}${path}`, { extraHTTPHeaders: operator })
      if (/lobby|console/.test(path)) await connection(page, 'live')
      await assertAccessible(page, path)
      await page.done()
    }
  })
})
