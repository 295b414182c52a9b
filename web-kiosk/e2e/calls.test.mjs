// The lobby's line and voice against the fixture hub, in a browser that may sound
// as on the hall's screens, and in one that may not.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { withHub } from './fixture/server.mjs'

let kiosk, plain
before(async () => { [kiosk, plain] = await Promise.all([launch({ kiosk: true }), launch()]) })
after(() => Promise.all([kiosk.close(), plain.close()]))

function onLobby(name, { hub: settings, query = '', options, browser = () => kiosk }, body) {
  test(name, { timeout: 300_000 }, () => withHub({ line: true, ...settings }, async (hub) => {
    const page = await open(browser(), `${hub.address}/lobby${query}`, options)
    try {
      await connection(page, 'live')
      await body(page, hub)
      await page.done()
    } finally {
      await page.context().close()
    }
  }))
}

const fontSize = (page, selector) => page.locator(selector).first().evaluate((element) => parseFloat(getComputedStyle(element).fontSize))
const spoken = (page, count, timeout = 60_000) => page.waitForFunction((n) => window.hallVoice.history.length >= n && window.hallVoice.history, count, { timeout, polling: 50 }).then((h) => h.jsonValue())

describe('calls in the lobby', () => {
  onLobby('stand largest, with window and way, and are read at ten metres', {}, async (page, hub) => {
    hub.call([['A012', 'w01']])
    await page.waitForSelector('[data-number="A012"]')
    assert.match(await page.locator('.current').innerText(), /请到\s*01\s*号窗口/)
    assert.match(await page.locator('.current').innerText(), /往左走/)
    const current = await fontSize(page, '.current .ticket')
    assert.ok(current >= 1.75 * await fontSize(page, '.earlier .ticket'), 'by far the largest')
    for (const number of ['.earlier .ticket', '.earlier .sign', '.window .sign']) assert.ok(await fontSize(page, number) >= 138.5, `${number} has 22 arc minutes`)
    for (const text of ['h1', '.clock', '.service .name', '.service .count', '.window .now', '.current .way']) assert.ok(await fontSize(page, text) >= 100.5, `${text} has 16 arc minutes`)
    await assertNothingCut(page)
    await assertAccessible(page, 'lobby, calls')
    await shoot(page, 'calls')
  })

  onLobby('are spoken one after the other, twice, Mandarin before English, and none is cut', {}, async (page, hub) => {
    await spoken(page, 0)
    hub.call([['A012', 'w01'], ['B003', 'w02']])
    const [first, second] = await spoken(page, 2)
    const once = ['zh-please', 'letter-A', 'zh-0', 'zh-1', 'zh-2', 'zh-number', 'zh-to', 'zh-1', 'zh-window', 'zh-left',
      'en-ticket', 'letter-A', 'en-0', 'en-1', 'en-2', 'en-window', 'en-1', 'en-left']
    assert.deepEqual(first.clips, ['chime', ...once, ...once])
    assert.equal(second.clips[0], 'chime')
    assert.equal(second.clips.filter((name) => name === 'letter-B').length, 4)
    assert.equal(await page.locator('[data-blocked]').count(), 0)
  })

  onLobby('leave the foot of the screen to the published satisfaction in turn with the date, and a notice comes before it', {}, async (page, hub) => {
    hub.call([['A012', 'w01']])
    assert.equal(await page.locator('[data-satisfaction]').count(), 0, 'nothing was published')
    hub.patch({ satisfaction: { day: hub.live.hall.day, as_of: new Date(hub.now()).toISOString(), final: false, figures: {}, rates: [{ id: 'good_rate', value: 0.9876, above: 1_185, below: 1_200 }] } })
    await page.waitForSelector('[data-satisfaction]', { timeout: 60_000 })
    assert.match(await page.locator('[data-satisfaction]').innerText(), /^截至 \d\d:\d\d 好评率 98\.8%，1200 人评价$/)
    assert.ok(await fontSize(page, '[data-satisfaction]') >= 100.5, 'it has 16 arc minutes')
    await assertNothingCut(page)
    await assertAccessible(page, 'lobby, satisfaction')
    await shoot(page, 'lobby-satisfaction')
    hub.patch({ notices: { n1: { id: 'n1', at: new Date(hub.now()).toISOString(), phrase: 'keep_belongings' } } })
    await page.waitForSelector('[data-notice]')
    assert.equal(await page.locator('[data-satisfaction]').count(), 0)
    hub.patch({ notices: { n1: null }, satisfaction: null })
    await page.waitForSelector('[data-notice]', { state: 'detached' })
    assert.equal(await page.locator('[data-satisfaction]').count(), 0, 'what is withdrawn is not shown')
  })

  onLobby('are not said again after a reload, but the newest is shown', { query: '?volume=10' }, async (page, hub) => {
    hub.skew = 60_000 // the calls are a minute old
    hub.patch({ hub: { position: 1 } })
    const number = await page.locator('.current').getAttribute('data-number')
    await page.reload()
    await connection(page, 'live')
    assert.equal(await page.locator('.current').getAttribute('data-number'), number)
    hub.call([['C777', 'w03']])
    const [only] = await spoken(page, 1)
    assert.ok(only.clips.includes('letter-C'))
  })

  onLobby('are not said twice when the hub starts again', {}, async (page, hub) => {
    hub.call([['A012', 'w01']])
    await spoken(page, 1)
    await hub.stop()
    await connection(page, ['stale', 'disconnected'])
    await hub.start()
    await connection(page, 'live')
    hub.call([['D004', 'w02']])
    const history = await spoken(page, 2)
    assert.ok(history[1].clips.includes('letter-D'))
  })

  onLobby('that may not sound say so on the screen until it is touched', { browser: () => plain }, async (page, hub) => {
    await page.waitForSelector('[data-blocked]')
    assert.match(await page.locator('[data-blocked]').innerText(), /点一下屏幕/)
    await assertAccessible(page, 'lobby, sound blocked')
    await shoot(page, 'calls-blocked')
    hub.call([['A012', 'w01']])
    await page.waitForSelector('[data-number="A012"]')
    await page.mouse.click(400, 400)
    const [said] = await spoken(page, 1)
    assert.ok(said.clips.includes('zh-please'))
    assert.equal(await page.locator('[data-blocked]').count(), 0)
  })

  onLobby('turn services and windows beside them, and a notice stands below', {}, async (page, hub) => {
    assert.match(await page.locator('[data-service="s03"]').textContent(), /12 人，约 25 分钟/)
    assert.match(await page.locator('[data-service="s07"]').textContent(), /暂停办理/)
    assert.match(await page.locator('[data-counter="w04"]').textContent(), /暂停/)
    hub.patch({ notices: { n1: { id: 'n1', phrase: 'keep_belongings', speak: true, at: new Date(hub.now()).toISOString() } } })
    await page.waitForSelector('[data-notice="n1"]')
    const [said] = await spoken(page, 1)
    assert.deepEqual(said.clips, ['chime', 'zh-keep_belongings', 'en-keep_belongings', 'zh-keep_belongings', 'en-keep_belongings'])
    await shoot(page, 'calls-notice')
    hub.patch({ notices: { n1: null } })
    await page.waitForSelector('[data-notice]', { state: 'detached' })
  })

  onLobby('speak English on the screen, near and small', { query: '?lang=en&distance=4&diagonal=55' }, async (page, hub) => {
    hub.call([['A012', 'w05']])
    await page.waitForSelector('[data-number="A012"]')
    assert.match(await page.locator('.current').innerText(), /Please go to window\s*05/)
    await assertNothingCut(page)
    await assertAccessible(page, 'lobby, calls in English')
    await shoot(page, 'calls-en')
  })

  onLobby('say that they are old when the hub is silent', {}, async (page, hub) => {
    hub.silence()
    await connection(page, 'stale')
    assert.match(await page.locator('[data-banner]').innerText(), /数据已中断/)
    await assertNothingCut(page)
    await assertAccessible(page, 'lobby, calls stale')
  })
})

/** No scrolling, and nothing hangs out of the board. */
async function assertNothingCut(page) {
  const cut = await page.evaluate(() => {
    const faults = []
    const root = document.documentElement
    if (root.scrollHeight > innerHeight || root.scrollWidth > innerWidth) faults.push('the page scrolls')
    const main = document.querySelector('main').getBoundingClientRect()
    for (const element of document.querySelectorAll('.current, .earlier li, .page:not(.turned) li')) {
      const box = element.getBoundingClientRect()
      if (box.bottom > main.bottom + 1 || box.right > main.right + 1) faults.push(`${element.className} ends at ${box.right}, ${box.bottom} of ${main.right}, ${main.bottom}`)
    }
    return faults
  })
  assert.deepEqual(cut, [])
}
