// Every page of the daily check as a phone, a desk and the lobby's screen show it, of one hall at work.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { duties, furnish, later } from './fixture/furnished.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, administrator, agree, consoleOf, password, signIn } from './fixture/people.mjs'
import { unfit } from './fixture/fit.mjs'

const sizes = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  desk: { viewport: { width: 1440, height: 900 } },
}
const sections = ['hall', 'alarms', 'health', 'attendance', 'requests', 'roster', 'arrange', 'shifts', 'calendar', 'procedures', 'duties', 'policy', 'accounts', 'personal', 'inspect']

let browser, hall, made
before(async () => {
  browser = await launch()
  hall = new Hall()
  made = await furnish(hall)
  await administrator(browser, hall)
  await account(browser, hall, 'dudao', { name: '督导员', role: 'supervisor' })
  await agree(browser, hall, 'admin', 'dudao', {
    late_grace: { value: 5, reference: '中心办公会议纪要〔2026〕3号', from: later(made.day, 20) },
    away_grace: { value: 0, reference: '专项检查通知〔2026〕7号', from: made.day, until: made.day },
  })
  await account(browser, hall, 'yan', { name: '演示员07', role: 'staff', staff: 's07' })
  await duties(hall, made.day)
  await until('the empty window alarms', async () => (await hall.get('live')).alarms['window_empty/w08'])
  await correctedDay()
})
after(async () => {
  await hall?.stop()
  await browser?.close()
})

/** The day before is published; a forgotten swipe that is approved later makes its next revision. */
async function correctedDay() {
  for (let ago = 4; ago > 0; ago--) await hall.send('POST', `days/${later(made.day, -ago)}/check`)
  await hall.send('POST', `days/${made.past}/publish`)
  await hall.send('POST', 'punches/manual', { staff: 's07', signed_by: 's27', day: made.past, at: '18:04', reason: '读卡器断电' })
  await until('the day is computed again', async () => (await hall.get(`days/${made.past}`)).revision >= 2)
}

/** What is shown must fit and be open to all; a shot of it goes beside. What does not fit is told of all pages at once. */
async function judge(page, name, found) {
  await page.evaluate(() => document.fonts.ready)
  found.push(...(await unfit(page)).map((what) => `${name}: ${what}`))
  await assertAccessible(page, name)
  await shoot(page, `size-${name}`)
}

describe('every page at its size', () => {
  for (const [size, options] of Object.entries(sizes)) {
    test(`the console, ${size}`, { timeout: 300_000 }, async () => {
      const found = []
      const page = await consoleOf(browser, hall, 'admin', 'hall', options)
      for (const section of sections) {
        await page.goto(`${hall.http}/console#/${section}`)
        await page.waitForSelector(`nav a[href="#/${section}"][aria-current="page"]`)
        await page.waitForSelector('section.view[aria-busy="false"] [data-view="content"]')
        await judge(page, `${size}-${section}`, found)
      }
      await page.goto(`${hall.http}/console#/attendance`)
      await page.locator('#day').fill(made.past)
      const newest = page.locator('[data-revision]').first()
      await newest.locator('summary').click()
      await newest.scrollIntoViewIfNeeded()
      await judge(page, `${size}-revision`, found)
      await page.done()
      assert.deepEqual(found, [])
    })

    test(`a person's own page, ${size}`, { timeout: 300_000 }, async () => {
      const me = await open(browser, `${hall.http}/login?next=/me`, options)
      await signIn(me, 'yan', password)
      await me.locator('[data-finding="appearance"]').waitFor()
      const found = []
      await judge(me, `${size}-me`, found)
      await me.done()
      assert.deepEqual(found, [])
    })
  }

  test('the lobby, 1080p', { timeout: 300_000 }, async () => {
    const lobby = await open(browser, `${hall.http}/lobby?distance=5&diagonal=55`)
    await connection(lobby, 'live')
    await lobby.waitForFunction(() => document.querySelector('[data-window="w08"]')?.dataset.cover === 'empty')
    const found = []
    await judge(lobby, 'lobby', found)
    await lobby.done()
    assert.deepEqual(found, [])
  })
})
