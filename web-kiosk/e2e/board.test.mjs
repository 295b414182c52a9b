// The notice board at its three sizes, the page that checks documents, and one's
// own scores, against a small hub that answers with what was published.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { unfit } from './fixture/fit.mjs'
import { board, mine, score, verified } from './fixture/published.mjs'
import { withHub } from './fixture/server.mjs'

let browser
before(async () => { browser = await launch() })
after(async () => { await browser?.close() })

const sizes = { wide: { width: 1920, height: 1080 }, upright: { width: 1080, height: 1920 }, small: { width: 1366, height: 768 } }
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

async function boardOf(hub, options = {}, query = '') {
  const page = await open(browser, `${hub.address}/board${query}`, options)
  await connection(page, 'live')
  await page.waitForSelector('[data-ready="true"] main')
  await page.evaluate(() => document.fonts.ready)
  return page
}
const count = async (page) => Number((await page.locator('.count').textContent()).split('/')[1])
const shown = (page, key) => page.waitForSelector(`main[data-page="${key}"]`)
async function judge(page, name, found) {
  found.push(...(await unfit(page)).map((what) => `${name}: ${what}`))
  await assertAccessible(page, name)
  await shoot(page, name)
}

describe('the notice board', () => {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const lang of ['zh', 'en']) {
      test(`fits and is open to all, ${size}, ${lang}`, { timeout: 300_000 }, () => withHub({ windows: 20 }, async (hub) => {
        hub.answers.board = board()
        const page = await boardOf(hub, { viewport }, `?lang=${lang}`)
        const found = []
        for (let n = await count(page); n > 0; n--) {
          const key = await page.locator('main').getAttribute('data-page')
          await judge(page, `board-${size}-${lang}-${key.replaceAll(' ', '-')}`, found)
          // Rule 3: from five metres text has 16 arc minutes, numbers 22, on a 55-inch panel.
          const least = (5_000 * Math.tan((16 / 60) * (Math.PI / 180))) / ((55 * 25.4) / Math.hypot(viewport.width, viewport.height)) / 0.727
          const smallest = await page.locator('main').evaluate((main) => Math.min(...[...main.querySelectorAll('*')].filter((e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())).map((e) => Number.parseFloat(getComputedStyle(e).fontSize))))
          assert.ok(smallest >= least - 0.1, `${key}: type of ${smallest} px, at least ${least}`)
          await page.locator('[data-next]').click()
        }
        await page.locator('[data-look]').click()
        await page.locator('[data-found="w20"]').waitFor()
        await judge(page, `board-${size}-${lang}-look`, found)
        await page.locator('[data-by="department"]').click()
        await judge(page, `board-${size}-${lang}-departments`, found)
        const small = await page.evaluate(() => [...document.querySelectorAll('button, input')].filter((b) => b.getBoundingClientRect().height < 59.5).map((b) => b.textContent))
        assert.deepEqual(small.filter((text) => !/English|中文/.test(text)), [], 'targets of 60 px')
        await page.locator('[data-found="w03"]').click()
        await page.waitForSelector('[data-history="2026-10"]')
        await judge(page, `board-${size}-${lang}-history`, found)
        await page.done()
        assert.deepEqual(found, [])
      }))
    }
  }

  test('turns its pages by itself, and keeps its page when results come', { timeout: 300_000 }, () => withHub({ windows: 20 }, async (hub) => {
    hub.answers.board = board()
    const page = await open(browser, 'about:blank')
    await page.clock.install()
    await page.goto(`${hub.address}/board`)
    await connection(page, 'live')
    await shown(page, '2026-10 windows 0')
    assert.equal(await page.locator('[data-row="w01"] .sign').textContent(), '01')
    await page.clock.fastForward(20_500)
    await shown(page, '2026-10 departments 0')
    // A month is published meanwhile: it is read within the minute, and the page that somebody reads stays.
    hub.answers.board = board()
    hub.answers.board.periods[0].revision = 3
    await page.clock.fastForward(19_000)
    await page.waitForFunction(() => /3/.test(document.querySelector('[data-published]')?.textContent ?? '') || document.querySelector('main').dataset.page !== '2026-10 departments 0', null, { polling: 50 })
    await page.locator('[data-previous]').click()
    await page.done()
  }))

  test('says within five seconds that it is cut off, and reads anew when the hub is back', { timeout: 300_000 }, () => withHub({ windows: 20 }, async (hub) => {
    hub.answers.board = board()
    const page = await boardOf(hub)
    hub.silence()
    const since = Date.now()
    await page.waitForSelector('[data-banner]')
    assert.ok(Date.now() - since < 8_000, 'two seconds of the last word, five of silence')
    assert.match(await page.locator('footer').textContent(), /数据已中断.*最后更新/)
    assert.equal(await page.locator('.clock').count(), 0, 'no clock goes on where nobody knows the time')
    assert.equal(await page.locator('[data-row]').count(), 20, 'what was published stays')
    await assertAccessible(page, 'board cut off')
    await shoot(page, 'board-cut-off')
    hub.answers.board = board()
    hub.answers.board.periods[0].revision = 7
    hub.silence(false)
    await connection(page, 'live')
    await page.waitForFunction(() => document.querySelector('[data-published]')?.textContent.includes('第 7 版'))
    await page.done()
  }))

  test('says how old its results are where they cannot be read', { timeout: 300_000 }, () => withHub({ windows: 20 }, async (hub) => {
    hub.answers.board = board()
    const page = await open(browser, 'about:blank')
    await page.clock.install()
    await page.goto(`${hub.address}/board`)
    await page.waitForSelector('[data-ready="true"]')
    delete hub.answers.board
    await page.clock.fastForward(151_000)
    await connection(page, 'live')
    await page.waitForSelector('.age.old')
    assert.match(await page.locator('[data-read]').textContent(), /^数据停在 \d\d:\d\d/)
    hub.answers.board = board()
    await page.clock.fastForward(61_000)
    await connection(page, 'live')
    await page.waitForSelector('.age:not(.old)')
    await page.done()
  }))

  test('says in words that nothing was published, and what it cannot read', { timeout: 300_000 }, () => withHub({ windows: 3 }, async (hub) => {
    const page = await open(browser, `${hub.address}/board`)
    await page.waitForSelector('[data-view="error"]')
    assert.match(await page.locator('main').textContent(), /没有公示/)
    await assertAccessible(page, 'board unread')
    hub.answers.board = { ...board(), periods: [] }
    await page.waitForSelector('[data-view="empty"]')
    assert.match(await page.locator('main').textContent(), /还没有公示考核结果/)
    assert.equal(await page.locator('[data-look]').count(), 0)
    await assertAccessible(page, 'board empty')
    await shoot(page, 'board-empty')
    await page.done()
  }))

  for (const [size, viewport] of Object.entries(sizes)) {
    test(`says before all else what was taken off, when and why, ${size}`, { timeout: 300_000 }, () => withHub({ windows: 20 }, async (hub) => {
      const off = (period, revision, why) => ({ period, kind: period.includes('Q') ? 'quarter' : 'month', revision, verify: `/verify/${period}/${revision}`, at: '2026-11-23T10:20:00+08:00', why })
      const why = '10 月 12 日至 16 日的签到因读卡器故障没有计入，统计口径有误；补录后重新核算。'
      hub.answers.board = { ...board(), withdrawn: [off('2026-10', 2, why), off('2026-Q3', 1, '所含 9 月的结果有误。'.repeat(18).slice(0, 200))] }
      hub.answers.board.periods = hub.answers.board.periods.slice(2)
      const page = await boardOf(hub, { viewport })
      const found = []
      const seen = []
      while (/^withdrawn/.test(await page.locator('main').getAttribute('data-page'))) {
        seen.push(...await page.locator('[data-withdrawn]').allInnerTexts())
        await judge(page, `board-${size}-withdrawn-${seen.length}`, found)
        const least = (5_000 * Math.tan((16 / 60) * (Math.PI / 180))) / ((55 * 25.4) / Math.hypot(viewport.width, viewport.height)) / 0.727
        const smallest = await page.locator('main').evaluate((main) => Math.min(...[...main.querySelectorAll('*')].filter((e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())).map((e) => Number.parseFloat(getComputedStyle(e).fontSize))))
        assert.ok(smallest >= least - 0.1, `type of ${smallest} px, at least ${least}`)
        await page.locator('[data-next]').click()
      }
      assert.equal(seen.length, 2)
      assert.match(seen[0], new RegExp(`2026年10月考核结果（第 2 版）已撤下[\\s\\S]*2026-11-23 10:20 撤下[\\s\\S]*原因：${why}`))
      await shown(page, '2026-09 windows 0')
      // The last result is gone too: the board is not empty, it says what was there.
      hub.answers.board = { ...board(), periods: [], withdrawn: [off('2026-10', 2, '')] }
      await page.reload()
      await page.locator('[data-withdrawn="2026-10"]').getByText('原因已按保存期限销毁').waitFor()
      await page.done()
      assert.deepEqual(found, [])
    }))
  }

  test('finds a window by number and by department, and goes back by itself', { timeout: 300_000 }, () => withHub({ windows: 20 }, async (hub) => {
    hub.answers.board = board()
    const page = await open(browser, 'about:blank', { hasTouch: true })
    await page.clock.install()
    await page.goto(`${hub.address}/board`)
    await connection(page, 'live')
    await page.locator('[data-look]').tap()
    await page.locator('[data-key="1"]').tap()
    await page.locator('[data-key="2"]').tap()
    assert.deepEqual(await page.locator('[data-found]').evaluateAll((all) => all.map((e) => e.dataset.found)), ['w12'])
    await page.locator('[data-key="back"]').tap()
    assert.equal(await page.locator('[data-found]').count(), 11) // 01 and 10 to 19
    await page.locator('[data-by="department"]').tap()
    await page.locator('[data-department="公安局"]').tap()
    assert.deepEqual(await page.locator('[data-found]').evaluateAll((all) => all.map((e) => e.dataset.found)), ['w01', 'w02'])
    await page.locator('[data-found="w02"]').tap()
    assert.equal(await page.locator('[data-history]').count(), 5)
    await page.clock.fastForward(45_000)
    await page.locator('[data-idle]').waitFor()
    const { x, y } = await page.locator('[data-stay]').boundingBox()
    await page.touchscreen.tap(x + 20, y + 20)
    await page.locator('[data-idle]').waitFor({ state: 'detached' })
    assert.equal(await page.locator('[data-history]').count(), 5)
    await page.clock.fastForward(61_000)
    await page.waitForSelector('main[data-page]')
    await page.done()
  }))

  test('is as large after a thousand pages as after ten', { timeout: 300_000 }, () => withHub({ windows: 20 }, async (hub) => {
    hub.answers.board = board()
    const page = await boardOf(hub)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const measure = async () => {
      await cdp.send('HeapProfiler.collectGarbage')
      const { metrics } = await cdp.send('Performance.getMetrics')
      return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
    }
    const turn = (n) => page.evaluate(async (times) => {
      for (let k = 0; k < times; k++) {
        document.querySelector('[data-next]').click()
        await new Promise((done) => requestAnimationFrame(done))
      }
    }, n)
    await turn(80)
    const before = await measure()
    await turn(1_000)
    const now = await measure()
    assert.ok(now.Nodes <= before.Nodes * 1.1, `${before.Nodes} nodes became ${now.Nodes}`)
    assert.ok(now.JSHeapUsedSize <= before.JSHeapUsedSize * 1.1, `${before.JSHeapUsedSize} bytes became ${now.JSHeapUsedSize}`)
    assert.ok(now.JSEventListeners <= before.JSEventListeners * 1.1, `${before.JSEventListeners} listeners became ${now.JSEventListeners}`)
    await page.done()
  }))
})

describe('checking a document', () => {
  const at = (hub, path, options = phone) => open(browser, `${hub.address}/verify/${path}`, options)
  const stateOf = (page, state) => page.waitForSelector(`[data-state="${state}"]`)

  test('the newest revision, with its file', { timeout: 300_000 }, () => withHub({ windows: 1 }, async (hub) => {
    hub.answers['verify/2026-10/2'] = verified()
    const page = await at(hub, '2026-10/2')
    await stateOf(page, 'newest')
    assert.match(await page.locator('main').textContent(), /2026年10月考核结果.*这是最新一版.*第 2 版，2026-11-05 16:20 公示/s)
    assert.equal(await page.locator('[data-digest]').textContent(), verified().digest)
    const choose = (text) => page.locator('#file').setInputFiles({ name: 'x.pdf', mimeType: 'application/pdf', buffer: Buffer.from(text) })
    await choose('foo')
    await page.locator('[data-same="yes"]').waitFor()
    await choose('fool')
    await page.locator('[data-same="no"]').waitFor()
    assert.deepEqual(await unfit(page), [])
    await assertAccessible(page, 'verify newest')
    await shoot(page, 'verify-newest')
    await page.done()
    for (const [options, name] of [[{ ...phone, viewport: { width: 320, height: 640 } }, 'narrow'], [{}, 'desk']]) {
      const other = await at(hub, '2026-10/2?lang=en', options)
      await stateOf(other, 'newest')
      assert.deepEqual(await unfit(other), [], name)
      await other.done()
    }
  }))

  test('an older revision says so first of all, and leads to the newest', { timeout: 300_000 }, () => withHub({ windows: 1 }, async (hub) => {
    hub.answers['verify/2026-10/1'] = verified({ revision: 1, documents: undefined, checkpoint: undefined })
    const page = await at(hub, '2026-10/1')
    await stateOf(page, 'older')
    assert.match(await page.locator('main').textContent(), /已有更新的第 2 版.*以第 2 版为准/s)
    assert.equal(await page.locator('[data-newest]').getAttribute('href'), '/verify/2026-10/2')
    assert.equal(await page.locator('#file').count(), 0)
    assert.deepEqual(await unfit(page), [])
    await assertAccessible(page, 'verify older')
    await shoot(page, 'verify-older')
    await page.done()
  }))

  test('what was not published, and a hub that does not answer', { timeout: 300_000 }, () => withHub({ windows: 1 }, async (hub) => {
    const page = await at(hub, '2026-09/1')
    await stateOf(page, 'unknown')
    assert.match(await page.locator('[role="alert"]').textContent(), /核对不上.*没有公示/s)
    await assertAccessible(page, 'verify unknown')
    await shoot(page, 'verify-unknown')
    hub.refuse = 503
    await page.reload()
    await stateOf(page, 'failed')
    assert.match(await page.locator('[role="alert"]').textContent(), /不说明文件有问题/)
    hub.refuse = 0
    hub.answers['verify/2026-09/1'] = verified({ period: '2026-09', revision: 1, newest: 1 })
    await page.locator('[data-retry]').click()
    await stateOf(page, 'newest')
    await page.goto(`${hub.address}/verify`)
    await stateOf(page, 'find')
    await page.done()
  }))
})

test('one’s own score, each point explained, and an appeal', { timeout: 300_000 }, () => withHub({ windows: 1 }, async (hub) => {
  const month = new Date().toISOString().slice(0, 7)
  hub.answers.me = mine
  hub.answers[`scores/person%3As07/${month}`] = score(month)
  const page = await open(browser, `${hub.address}/me`, phone)
  await page.locator('[data-score]').waitFor()
  assert.equal(await page.locator('[data-score]').textContent(), '97')
  const points = await page.locator('[data-points]').allTextContents()
  assert.deepEqual(points.map((text) => text.trim()), ['−1分', '−3分', '0分', '+1分'])
  assert.match(await page.locator('[data-fact="late/2"]').textContent(), /应计 −5 分，因封顶实计 −3 分/)
  assert.match(await page.locator('[data-fact="late/3"]').textContent(), /申诉成立/)
  await page.locator('[data-fact="late/1"] summary').click()
  assert.match(await page.locator('[data-fact="late/1"]').textContent(), /63号 第八条.*wuzhengbanfa-2020-63@1\.0\.0.*late_minor_points = 1 points.*刷卡.*日志第 120001 条/s)
  assert.equal(await page.locator('[data-fact="late/3"] [data-appeal-do]').count(), 0, 'one is enough')
  assert.deepEqual(await unfit(page), [])
  await assertAccessible(page, 'my scores')
  await shoot(page, 'me-scores')

  await page.locator('[data-fact="late/1"] [data-appeal-do]').click()
  await page.locator('[data-fact="late/1"] textarea').fill('读卡器没有反应')
  await page.locator('[data-fact="late/1"] form .main').click()
  await page.locator('[data-fact="late/1"] form').waitFor({ state: 'detached' })
  const { path, body } = hub.changes.at(-1)
  assert.deepEqual([path, body], ['appeals', { period: month, finding: 'late/1', rule: 'late', text: '读卡器没有反应' }])

  await page.locator('[data-earlier]').click()
  await page.locator('[data-without]').waitFor()
  await page.locator('[data-later]').click()
  await page.locator('[data-score]').waitFor()
  assert.equal(await page.locator('[data-later]').isDisabled(), true)
  hub.answers[`scores/person%3As07/${month}`] = score(month, { state: 'published', revision: 2, provisional: undefined })
  await page.reload()
  await page.locator('[data-state="published"]').waitFor()
  assert.equal(await page.locator('[data-appeal-do]').count(), 0, 'it is too late')
  await page.done()
}))
