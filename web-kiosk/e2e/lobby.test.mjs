// The lobby screen against the fixture hub.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { withHub } from './fixture/server.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

/** Runs a test on a lobby of its own. */
function onLobby(name, { hub: settings, query = '', options }, body) {
  test(name, { timeout: 300_000 }, () => withHub(settings, async (hub) => {
    const page = await open(browser, `${hub.address}/lobby${query}`, options)
    try {
      await body(page, hub)
      await page.done()
    } finally {
      await page.context().close()
    }
  }))
}

const tile = (page, id) => page.locator(`[data-window="${id}"]`)
const fontSize = (page, selector) => page.locator(selector).first().evaluate((element) => parseFloat(getComputedStyle(element).fontSize))

describe('the lobby', () => {
  onLobby('shows twelve windows readable at ten metres', { query: '?distance=10&diagonal=55' }, async (page) => {
    await connection(page, 'live')
    assert.equal(await page.locator('[data-window]').count(), 12)
    assert.equal(await tile(page, 'w04').getAttribute('data-state'), 'cut_off')
    assert.match(await tile(page, 'w04').innerText(), /通信中断/)
    assert.ok(await fontSize(page, '[data-window="w01"] .number') >= 138.5, 'numbers have 22 arc minutes')
    for (const part of ['h1', '.clock', '.day', '[data-window="w01"] .name', '[data-window="w01"] .state-mark', '[data-window="w01"] .when']) {
      assert.ok(await fontSize(page, part) >= 100.5, `${part} has 16 arc minutes`)
    }
    assert.equal(await page.title(), '大厅显示 · 演示政务服务大厅')
    await assertNothingCut(page)
    await assertAccessible(page, 'lobby, 12 windows')
    await shoot(page, 'lobby-12')
  })

  onLobby('turns its pages and never scrolls', { hub: { windows: 50 } }, async (page) => {
    await connection(page, 'live')
    assert.equal(await page.locator('[data-page]').count(), 9)
    assert.ok(await tile(page, 'w01').isVisible())
    await page.waitForFunction(() => getComputedStyle(document.querySelector('[data-page="2"]')).visibility === 'visible', undefined, { timeout: 60_000 })
    assert.ok(!await tile(page, 'w01').isVisible())
    await assertNothingCut(page)
    await shoot(page, 'lobby-50')
  })

  onLobby('shows fifty windows on one page in a small hall', { hub: { windows: 50 }, query: '?distance=3&diagonal=65' }, async (page) => {
    await connection(page, 'live')
    assert.equal(await page.locator('[data-page]').count(), 1)
    await assertNothingCut(page)
    await shoot(page, 'lobby-50-near')
  })

  onLobby('fills the screen with twelve windows in a middling hall', { query: '?distance=5&diagonal=55' }, async (page) => {
    await connection(page, 'live')
    assert.equal(await page.locator('[data-page]').count(), 1)
    assert.match(await tile(page, 'w01').innerText(), /公安局/)
    await assertNothingCut(page)
    await assertAccessible(page, 'lobby, 12 windows near')
    await shoot(page, 'lobby-12-near')
  })

  onLobby('shows a press within a second, and nothing else moves', {}, async (page, hub) => {
    await connection(page, 'live')
    const before = await tile(page, 'w01').getAttribute('data-last-event')
    const other = await tile(page, 'w02').elementHandle()
    const pressed = Date.now()
    hub.press('w01')
    await page.waitForFunction((old) => document.querySelector('[data-window="w01"]').dataset.lastEvent !== old, before, { polling: 20 })
    assert.ok(Date.now() - pressed < 1_000)
    assert.match(await tile(page, 'w01').innerText(), /刚刚/)
    assert.ok(await other.evaluate((node) => node.isConnected), 'tiles are kept, not drawn anew')
  })

  onLobby('goes by the hub’s clock, not by its own', { query: '?distance=5' }, async (page, hub) => {
    await connection(page, 'live')
    hub.skew = 3 * 3_600_000
    hub.patch({ hall: { day: '2026-11-24' } })
    const hour = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', hourCycle: 'h23' }).format(hub.now())
    await page.waitForFunction((want) => document.querySelector('.clock').textContent.startsWith(want), hour)
  })

  onLobby('says within 5 seconds that a silent hub is silent, and heals without a reload', {}, async (page, hub) => {
    await connection(page, 'live')
    await page.evaluate(() => { window.sameDocument = true })
    hub.silence()
    const since = Date.now()
    await connection(page, 'stale')
    assert.ok(Date.now() - since < 5_500, 'within 5 seconds')
    const bar = page.locator('[data-banner]')
    assert.match(await bar.innerText(), /数据已中断/)
    assert.match(await bar.innerText(), /最后更新 \d\d:\d\d:\d\d/)
    const { width } = await bar.boundingBox()
    assert.equal(width, 1920)
    assert.doesNotMatch(await tile(page, 'w01').innerText(), /前|刚刚/, 'no age counts on')
    await assertNothingCut(page)
    await assertAccessible(page, 'lobby, stale')
    await shoot(page, 'lobby-stale')
    hub.silence(false)
    await connection(page, 'live')
    assert.equal(await bar.count(), 0)
    assert.ok(await page.evaluate(() => window.sameDocument), 'not reloaded')
  })

  onLobby('says so when the hub is killed, and heals when it is back', {}, async (page, hub) => {
    await connection(page, 'live')
    await hub.stop()
    const since = Date.now()
    await connection(page, ['stale', 'disconnected'])
    assert.ok(Date.now() - since < 5_000)
    await assertNothingCut(page)
    await assertAccessible(page, 'lobby, disconnected')
    await shoot(page, 'lobby-disconnected')
    hub.miss({ windows: { w01: { state: 'unstaffed' } } })
    await hub.start()
    await connection(page, 'live')
    assert.equal(await tile(page, 'w01').getAttribute('data-state'), 'unstaffed')
  })

  onLobby('asks for a snapshot after a gap and misses nothing', {}, async (page, hub) => {
    await connection(page, 'live')
    hub.miss({ windows: { w02: { state: 'cut_off' } } })
    hub.press('w01')
    await page.waitForFunction(() => document.querySelector('[data-window="w02"]').dataset.state === 'cut_off', undefined, { timeout: 60_000 })
    await connection(page, 'live')
  })

  onLobby('shows a hall without windows as empty, not as broken', { hub: { windows: 0 } }, async (page) => {
    await page.waitForSelector('[data-view="empty"]')
    await assertAccessible(page, 'lobby, empty')
    await shoot(page, 'lobby-empty')
  })

  onLobby('speaks English on ?lang=en and in reduced motion stands still', { query: '?lang=en&distance=5', options: { reducedMotion: 'reduce' } }, async (page, hub) => {
    await connection(page, 'live')
    assert.equal(await page.locator('html').getAttribute('lang'), 'en')
    assert.match(await tile(page, 'w04').innerText(), /Cut off/)
    assert.equal(await page.locator('.glow').count(), 0, 'what stood there from the start is no event')
    hub.press('w01')
    await page.waitForSelector('.glow', { state: 'attached' })
    const motion = await page.evaluate(() => getComputedStyle(document.querySelector('.glow')).animationDuration)
    assert.equal(motion, '0s')
    await assertAccessible(page, 'lobby, English')
    await shoot(page, 'lobby-en')
  })

  test('says what is wrong when no hub ever answered', { timeout: 300_000 }, () => withHub({}, async (hub) => {
    const page = await open(browser, 'about:blank')
    await page.addInitScript(() => { // a slow machine has gone past this view before it could be asked for
      const look = () => { globalThis.loaded ||= document.querySelector('[data-view="loading"]') !== null }
      new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true })
    })
    await page.goto(`${hub.address}/lobby`)
    await page.waitForFunction(() => globalThis.loaded)
    await connection(page, 'disconnected')
    assert.match(await page.locator('[data-banner]').innerText(), /尚未收到数据/)
    assert.equal(await page.locator('.clock').count(), 0, 'no time is shown that is not known')
    await assertAccessible(page, 'lobby, never connected')
    await shoot(page, 'lobby-never')
    await page.done()
  }, (hub) => { hub.refuse = 503 }))
})

/** No scrolling, and no line of a tile hangs out of its tile. */
async function assertNothingCut(page) {
  const cut = await page.evaluate(() => {
    const faults = []
    const root = document.documentElement
    if (root.scrollHeight > innerHeight || root.scrollWidth > innerWidth) faults.push('the page scrolls')
    for (const element of document.querySelectorAll('[data-window]')) {
      const box = element.getBoundingClientRect()
      for (const part of element.querySelectorAll('.head, .number, .when, .name, .department, .state')) {
        const inner = part.getBoundingClientRect()
        const bottom = inner.bottom - parseFloat(getComputedStyle(part).paddingBottom) // where the line ends
        if (inner.width > 0 && (bottom > box.bottom + 1 || inner.top < box.top - 1 || inner.right > box.right - 0.2 * parseFloat(getComputedStyle(element).fontSize))) {
          faults.push(`${element.dataset.window} ${part.className} ${JSON.stringify(inner)} in ${JSON.stringify(box)}`)
        }
      }
    }
    for (const element of document.querySelectorAll('[data-banner] *')) {
      if (element.getBoundingClientRect().right > innerWidth) faults.push(`the bar is cut at ${element.textContent}`)
    }
    return faults
  })
  assert.deepEqual(cut, [])
}
