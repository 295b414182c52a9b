// The line against a real hall: a citizen touches the kiosk, the lobby calls, the
// window's panel serves, the phone follows.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, password, signIn } from './fixture/people.mjs'

let browser, hall, key
const portrait = { viewport: { width: 1080, height: 1920 }, hasTouch: true }
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

before(async () => {
  browser = await launch({ kiosk: true })
  hall = new Hall()
  hall.settings = 'public_url: https://hall.example.cn\n'
  await hall.startHub()
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  await hall.send('PUT', 'departments/security', { name: '公安局' })
  for (const [n, name] of [[1, '婚姻登记'], [2, '婚姻登记'], [3, '户籍']]) await hall.send('PUT', `windows/w${n}`, { number: `0${n}`, name, department: n < 3 ? '民政局' : '公安局' })
  await hall.send('PUT', 'services/marriage', { name: '婚姻登记', department: 'civil', prefix: 'A', windows: ['w1', 'w2'], words: ['领证', '结婚证'], common: true,
    documents: ['双方身份证', '双方户口簿', '近期合影 3 张'], sample: '填表台 2 号', limit: '当场办结', fee: '不收费', wait_max: 30, service_max: 20, slots: [{ from: '23:58', until: '23:59', capacity: 2 }] })
  await hall.send('PUT', 'services/identity', { name: '身份证办理', department: 'security', prefix: 'B', windows: ['w3'], words: ['补办身份证'], common: true, documents: ['户口簿'], limit: '20 个工作日', fee: '20 元' })
  key = (await hall.send('POST', 'tokens', { role: 'screen', name: '取号机' })).token
  for (const s of ['s1', 's2']) await hall.send('PUT', `staff/${s}`, { name: `演示员${s}`, department: 'civil', employment: 'in_post', work_since: '2015-07-01', born: '1990-05-01' })
  await account(browser, hall, 'clerk', { name: '演示员一', role: 'staff', staff: 's1' })
  await account(browser, hall, 'clerk2', { name: '演示员二', role: 'staff', staff: 's2' })
})
after(async () => {
  await hall.stop()
  await browser.close()
})

const kiosk = async (options = portrait) => {
  const page = await open(browser, `${hall.http}/kiosk#key=${key}`, options)
  await connection(page, 'live')
  await page.waitForSelector('[data-service="marriage"]')
  return page
}
const view = (page, wanted, timeout = 60_000) => page.waitForSelector(`[data-view="${wanted}"]`, { timeout })
const panel = async (window, who) => {
  const page = await open(browser, `${hall.http}/login?next=${encodeURIComponent(`/window/${window}`)}`, { viewport: { width: 1366, height: 768 } })
  await signIn(page, who, password)
  await page.waitForURL(`**/window/${window}`)
  await page.waitForSelector('[data-next]')
  return page
}

/** Nothing lies over anything else, and no word hangs out of its button. */
async function assertNothingOverlaps(page) {
  assert.deepEqual(await page.evaluate(() => {
    const wide = [...document.querySelectorAll('button')].filter((b) => b.checkVisibility() && (b.scrollWidth > b.clientWidth + 1 || b.scrollHeight > b.clientHeight + 1)).map((b) => `${b.innerText} is cut`)
    const words = [...document.querySelectorAll('header > *, h1, h2, .number, main p, dl, svg.qr, button')].filter((e) => e.checkVisibility() && !e.closest('[data-idle]') && !(e.tagName !== 'BUTTON' && e.closest('button')))
    const boxes = words.map((e) => {
      const [own, pane] = [e.getBoundingClientRect(), e.closest('.scroll, .middle')?.getBoundingClientRect()]
      return { text: e.innerText || e.tagName, top: Math.max(own.top, pane?.top ?? 0), bottom: Math.min(own.bottom, pane?.bottom ?? innerHeight), left: own.left, right: own.right }
    })
    const over = boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) => a.top < b.bottom - 2 && b.top < a.bottom - 2 && a.left < b.right - 2 && b.left < a.right - 2).map((b) => `${a.text} over ${b.text}`))
    const middle = document.querySelector('.middle')
    return [...wide, ...over, ...(middle && middle.scrollHeight > middle.clientHeight + 1 ? ['the ticket must be scrolled'] : [])]
  }), [])
}

/** Every target of the page is at least so large, in CSS pixels, and none lies outside. */
async function assertTargets(page, least) {
  const small = await page.evaluate((least) => [...document.querySelectorAll('button')].filter((b) => b.checkVisibility()).map((b) => [b.innerText, b.getBoundingClientRect()])
    .filter(([, r]) => r.width < least || r.height < least || r.right > innerWidth + 1).map(([text, r]) => `${text} ${r.width}×${r.height}`), least)
  assert.deepEqual(small, [])
}

describe('the line', () => {
  test('from the touch to the finished visit', { timeout: 300_000 }, async () => {
    const [screen, lobby] = [await kiosk(), await open(browser, `${hall.http}/lobby?volume=5`)]
    await connection(lobby, 'live')
    await assertTargets(screen, 60)
    await assertAccessible(screen, 'kiosk, home')
    await shoot(screen, 'kiosk-home')
    await screen.locator('[data-service="marriage"]').tap()
    await view(screen, 'guide')
    assert.match(await screen.locator('main').innerText(), /双方户口簿/)
    await assertTargets(screen, 60)
    await assertAccessible(screen, 'kiosk, guide')
    await shoot(screen, 'kiosk-guide')
    const take = screen.locator('[data-take="ordinary"]')
    await Promise.all([take.tap(), take.tap().catch(() => undefined)]) // a nervous finger
    await view(screen, 'ticket')
    const number = await screen.locator('[data-number]').innerText()
    assert.equal(number, 'A001')
    assert.equal((await hall.get('line')).waiting.length, 1, 'a double touch gives one ticket')
    assert.match(await screen.locator('main').innerText(), /01、02 号窗口/)
    await assertAccessible(screen, 'kiosk, ticket')
    await shoot(screen, 'kiosk-ticket')
    const ticket = await screen.locator('[data-ticket]').getAttribute('data-token')
    assert.ok(await screen.locator('svg.qr').isVisible(), 'phones reach this hall: there is a code')

    const mobile = await open(browser, `${hall.http}/t/${ticket}`, phone)
    await mobile.waitForSelector('[data-stage="waiting"]')
    assert.match(await mobile.locator('main').innerText(), /A001[\s\S]*下一个就可能是您/)
    await assertAccessible(mobile, 'phone, waiting')
    await shoot(mobile, 'phone-waiting')

    const clerk = await panel('w1', 'clerk')
    assert.match(await clerk.locator('[data-why]').innerText(), /A001：\s*最早到/)
    await assertAccessible(clerk, 'panel, next')
    await clerk.keyboard.press('Space')
    await clerk.waitForSelector('[data-stage="called"]')
    await lobby.waitForSelector('[data-number="A001"]')
    const [said] = await lobby.waitForFunction(() => window.hallVoice.history.length > 0 && window.hallVoice.history, undefined, { timeout: 60_000 }).then((h) => h.jsonValue())
    assert.deepEqual(said.clips.slice(0, 9), ['chime', 'zh-please', 'letter-A', 'zh-0', 'zh-0', 'zh-1', 'zh-number', 'zh-to', 'zh-1'])
    await mobile.waitForSelector('[data-called]', { timeout: 60_000 })
    assert.match(await mobile.locator('[data-called]').innerText(), /请到 01 号窗口/)
    await assertAccessible(mobile, 'phone, called')
    await shoot(mobile, 'phone-called')
    await shoot(clerk, 'panel-called')
    await clerk.keyboard.press('Space')
    await clerk.waitForSelector('[data-stage="serving"]')
    await assertAccessible(clerk, 'panel, serving')
    await shoot(clerk, 'panel-serving')
    await clerk.keyboard.press('f')
    await clerk.getByLabel('一次性告知', { exact: true }).check()
    await clerk.locator('textarea').fill('缺户口簿')
    await assertAccessible(clerk, 'panel, finishing')
    await clerk.getByRole('button', { name: '确定' }).click()
    await clerk.waitForSelector('[data-stage="none"]')
    await mobile.waitForSelector('[data-stage="finished"]', { timeout: 60_000 })
    const events = await hall.events()
    const finished = events.find((e) => e.kind === 'visit.finished')
    assert.equal(finished.data.outcome, 'notice')
    assert.equal(events.find((e) => e.kind === 'visit.started').data.staff, 's1')
    assert.ok(!JSON.stringify(events).includes('缺户口簿'), 'free text is sealed')
    for (const page of [screen, lobby, mobile, clerk]) await page.done()
  })

  test('two panels race for one ticket, and one of them gets it', { timeout: 300_000 }, async () => {
    const screen = await kiosk()
    await screen.locator('[data-service="marriage"]').tap()
    await screen.locator('[data-take="elderly"]').tap()
    await view(screen, 'ticket')
    const panels = [await panel('w1', 'clerk'), await panel('w2', 'clerk2')]
    for (const page of panels) await page.waitForSelector('[data-why]')
    await Promise.all(panels.map((page) => page.keyboard.press('Space')))
    await until('one panel has called', async () => (await Promise.all(panels.map((page) => page.locator('[data-stage="called"]').count()))).reduce((a, b) => a + b) === 1)
    const calls = (await hall.events()).filter((e) => e.kind === 'ticket.called')
    assert.equal(calls.filter((e) => e.data.number === calls.at(-1).data.number).length, 1)
    const winner = (await panels[0].locator('[data-stage="called"]').count()) ? panels[0] : panels[1]
    await winner.reload() // in mid-call
    await winner.waitForSelector('[data-stage="called"]')
    await winner.keyboard.press('m')
    await winner.waitForSelector('[data-stage="none"]')
    await winner.keyboard.press('p')
    await winner.locator('.asked input').fill('打印机故障')
    await winner.keyboard.press('Enter')
    await winner.waitForSelector('[data-counter="paused"]')
    assert.match(await winner.locator('.current').innerText(), /打印机故障/)
    await winner.keyboard.press('Space')
    await winner.waitForSelector('[data-counter="open"]')
    await panels[0].keyboard.press('Space')
    await panels[0].waitForSelector('[data-stage="called"]')
    await panels[0].keyboard.press('m')
    await panels[0].waitForSelector('[data-stage="none"]')
    for (const page of [...panels, screen]) await page.done()
  })

  test('finds a service by pinyin initials, in large text, low, in English', { timeout: 300_000 }, async () => {
    const page = await kiosk()
    await page.locator('[data-search]').tap()
    for (const letter of ['S', 'F', 'Z']) await page.locator(`[data-key="${letter}"]`).tap()
    await until('only the identity card is found', async () => (await page.locator('.services button').count()) === 1)
    assert.match(await page.locator('.services').innerText(), /身份证办理/)
    await assertTargets(page, 60)
    await assertAccessible(page, 'kiosk, search')
    await shoot(page, 'kiosk-search')
    await page.locator('[data-large]').tap()
    const size = await page.locator('.page').evaluate((e) => parseFloat(getComputedStyle(e).fontSize))
    assert.ok(size >= 30)
    await page.locator('[data-low]').tap()
    assert.ok((await page.locator('[data-search]').boundingBox()).y > 0.4 * 1920)
    await assertAccessible(page, 'kiosk, large and low')
    await shoot(page, 'kiosk-large-low')
    await page.locator('[data-low]').tap()
    await page.locator('[data-large]').tap()
    await page.locator('[data-language]').tap()
    await page.locator('[data-search]').tap()
    await page.locator('[data-service="identity"]').tap()
    await view(page, 'guide')
    assert.match(await page.locator('main').innerText(), /Take a ticket|Bring/)
    await assertAccessible(page, 'kiosk, guide in English')
    await shoot(page, 'kiosk-guide-en')
    await page.done()
  })

  test('low, every control of every screen lies in the lower part; and by keyboard alone a ticket is taken', { timeout: 300_000 }, async () => {
    const page = await kiosk()
    const lowest = () => page.evaluate(() => Math.min(...[...document.querySelectorAll('button')].filter((b) => b.checkVisibility()).map((b) => b.getBoundingClientRect().top)))
    const reach = async (selector) => {
      for (let n = 0; n < 60; n++) {
        await page.keyboard.press('Tab')
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return page.keyboard.press('Enter')
      }
      assert.fail(`the keyboard does not reach ${selector}`)
    }
    await reach('[data-low]')
    const middle = 0.4 * 1920
    assert.ok(await lowest() >= middle, 'home')
    await reach('[data-service="marriage"]')
    await view(page, 'guide')
    assert.ok(await lowest() >= middle, 'guide')
    await assertTargets(page, 60)
    await reach('[data-large]')
    assert.ok(await lowest() >= middle, 'guide, large')
    await assertTargets(page, 60)
    await assertNothingOverlaps(page)
    await shoot(page, 'kiosk-guide-large-low')
    await reach('[data-take="ordinary"]')
    await view(page, 'ticket')
    assert.ok(await lowest() >= middle, 'ticket, large')
    await assertTargets(page, 60)
    await assertNothingOverlaps(page)
    await shoot(page, 'kiosk-ticket-large-low')
    await reach('[data-drop]')
    await view(page, 'home')
    assert.equal(await page.locator('.page.low').count(), 0, 'the next person finds it as it was')
    await page.done()
  })

  test('forgets who was there before, after asking', { timeout: 300_000 }, async () => {
    const context = await browser.newContext({ ...portrait, locale: 'zh-CN' })
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(`${hall.http}/kiosk#key=${key}`)
    await page.locator('[data-service="marriage"]').tap()
    await view(page, 'guide')
    await page.clock.runFor(61_000)
    await page.waitForSelector('[data-idle]')
    await page.evaluate(() => document.querySelector('[data-stay]').click()) // its clock stands still
    await page.waitForSelector('[data-idle]', { state: 'detached' })
    await view(page, 'guide')
    await page.clock.runFor(61_000)
    await page.waitForSelector('[data-idle]')
    await page.clock.runFor(20_000)
    await page.waitForSelector('[data-idle]', { state: 'detached' })
    assert.equal(await page.locator('[data-take]').count(), 0)
    await context.close()
  })

  test('books a slot and checks in', { timeout: 300_000 }, async (t) => {
    const page = await kiosk()
    await page.locator('[data-service="marriage"]').tap()
    await page.locator('[data-book]').tap()
    await page.waitForSelector('[data-day]')
    for (const day of await page.locator('[data-day]').all()) { // the first working day on which there is something
      await day.tap()
      await page.waitForSelector('.slots[aria-busy="false"]')
      if (await page.locator('[data-slot]:not(:disabled)').count()) break
    }
    await assertAccessible(page, 'kiosk, booking')
    await page.locator('[data-slot]').first().tap()
    await page.waitForSelector('[data-code]')
    const code = (await page.locator('[data-code]').innerText()).trim()
    assert.match(code, /^\d{6}$/)
    await page.locator('[data-done]').tap()
    await page.locator('[data-arrive]').tap()
    for (const digit of code) await page.locator(`[data-key="${digit}"]`).tap()
    await page.locator('[data-check-in]').tap()
    await page.waitForSelector('[data-trouble]')
    assert.match(await page.locator('[data-trouble]').innerText(), /预约在/, 'too early')
    await assertAccessible(page, 'kiosk, too early')
    await shoot(page, 'kiosk-arrive')
    const day = (await hall.get('live')).hall.day
    await hall.send('POST', 'policy/parameters/booking_early', { value: 1440, from: day, reference: '演示' })
    await page.locator('[data-check-in]').tap()
    const there = await Promise.race([view(page, 'ticket').then(() => true), page.waitForFunction(() => /预约在 \d{4}/.test(document.querySelector('[data-trouble]')?.textContent ?? '')).then(() => false)])
    if (there) assert.match(await page.locator('main').innerText(), /预约时间 23:58/)
    else t.diagnostic('today is no working day: the appointment is on a later day')
    await page.done()
  })

  test('a kiosk without its hub says so, and goes on by itself', { timeout: 300_000 }, async () => {
    const page = await kiosk()
    await hall.killHub()
    await view(page, 'offline')
    assert.match(await page.locator('main').innerText(), /咨询台领取纸质号/)
    await assertAccessible(page, 'kiosk, offline')
    await shoot(page, 'kiosk-offline')
    await hall.startHub()
    await view(page, 'home', 30_000)
    await page.waitForSelector('[data-service="marriage"]')
    await page.done()
  })

  test('a kiosk with a key that is no good, a phone with a wrong link and a window that is not there say so', { timeout: 300_000 }, async () => {
    const lost = await open(browser, `${hall.http}/kiosk#key=nothing`, portrait)
    await view(lost, 'forbidden')
    assert.match(await lost.locator('main').innerText(), /令牌已失效/)
    await assertAccessible(lost, 'kiosk, bad key')
    const wrong = await open(browser, `${hall.http}/t/nothing`, phone)
    await wrong.waitForSelector('[data-stage="unknown"]')
    await assertAccessible(wrong, 'phone, unknown')
    const page = await open(browser, `${hall.http}/login?next=/window/w9`)
    await signIn(page, 'clerk', password)
    await page.waitForSelector('[data-view="forbidden"]')
    assert.match(await page.locator('main').innerText(), /没有这个窗口/)
    for (const p of [lost, wrong, page]) await p.done()
  })

  test('a broken touch screen gets no thousand tickets', { timeout: 300_000 }, async () => {
    const before = (await hall.get('line')).waiting.length
    let refused
    for (let n = 0; n < 60; n++) {
      const answer = await fetch(`${hall.http}/api/v1/tickets`, { method: 'POST', body: '{"service":"identity"}', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Accept-Language': 'zh-CN' } })
      if (answer.status === 429) refused = await answer.json()
      else assert.equal(answer.status, 201)
    }
    assert.equal(refused.code, 'too_many_tickets')
    assert.match(refused.title, /稍等几秒/)
    assert.ok((await hall.get('line')).waiting.length - before <= 30)
    const page = await kiosk()
    await page.locator('[data-service="identity"]').tap()
    await page.locator('[data-take="ordinary"]').tap()
    await page.waitForSelector('[data-trouble], [data-ticket]')
    await page.done()
  })
})
