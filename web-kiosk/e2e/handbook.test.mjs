// The pictures of the operator's handbook, of the demonstration at work: names and units
// are fictitious. make handbook-pictures writes them into docs/handbook/img.
import { after, before, describe, test } from 'node:test'
import { connection, launch, open } from './fixture/browser.mjs'
import { Demo, picture } from './fixture/demo.mjs'
import { later } from './fixture/furnished.mjs'

const desk = { viewport: { width: 1200, height: 760 } }
const laptop = { viewport: { width: 1200, height: 675 } }
const phone = { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1.5 }
const kiosk = { viewport: { width: 1080, height: 1920 }, hasTouch: true, deviceScaleFactor: 0.5 }
const tablet = { viewport: { width: 1280, height: 800 }, hasTouch: true, deviceScaleFactor: 0.75 }
const screen = { viewport: { width: 1920, height: 1080 }, deviceScaleFactor: 0.6 }

let browser, demo
before(async () => {
  browser = await launch({ kiosk: true })
  demo = new Demo()
  await demo.start()
})
after(async () => {
  await demo?.stop()
  await browser?.close()
})

/** A section of the console once what it shows is there. */
async function section(page, name) {
  await page.goto(`${demo.http}/console#/${name}`)
  await page.waitForSelector(`nav a[href="#/${name.split('/')[0]}"][aria-current="page"]`)
  await page.waitForSelector('section.view[aria-busy="false"] [data-view="content"]', { timeout: 240_000 }) // two months of a hall are much for a loaded machine
}

/** The last day before another that is no Saturday or Sunday. */
function workingDayBefore(day) {
  for (let ago = 1; ; ago++) {
    const before = later(day, -ago)
    if (![0, 6].includes(new Date(`${before}T00:00:00Z`).getUTCDay())) return before
  }
}

async function sectionPicture(page, name, as) {
  await section(page, name)
  await picture(page, as)
}

describe('the pictures of the handbook', () => {
  test('the sections of the console', { timeout: 900_000 }, async () => {
    const page = await demo.as(browser, 'dudao', '/console#/hall', desk)
    await sectionPicture(page, 'hall', 'console-hall')
    await sectionPicture(page, 'alarms', 'console-alarms')
    await sectionPicture(page, 'lines', 'console-lines')
    await section(page, 'attendance')
    await page.locator('#day').fill(workingDayBefore((await demo.get('live')).hall.day))
    await page.waitForFunction(() => /已(检查|公示)|第 \d+ 版/.test(document.querySelector('section.view')?.innerText ?? ''))
    await page.waitForSelector('section.view[aria-busy="false"] [data-view="content"]')
    await picture(page, 'console-attendance')
    await sectionPicture(page, 'requests', 'console-requests')
    await sectionPicture(page, 'cases', 'console-cases')
    await sectionPicture(page, 'indicators', 'console-indicators')
    await sectionPicture(page, 'statistics', 'console-statistics')
    await sectionPicture(page, 'paper', 'console-paper')
    await sectionPicture(page, 'devices', 'console-devices')
    await sectionPicture(page, 'proposals', 'console-proposals')
    await page.done()
  })

  test('what the administrator sets up', { timeout: 900_000 }, async () => {
    const page = await demo.as(browser, 'admin', '/console#/roster', desk)
    await sectionPicture(page, 'roster', 'console-roster')
    await sectionPicture(page, 'shifts', 'console-shifts')
    await sectionPicture(page, 'services', 'console-services')
    await sectionPicture(page, 'policy', 'console-parameters')
    await sectionPicture(page, 'accounts', 'console-accounts')
    await sectionPicture(page, 'personal', 'console-personal')
    await sectionPicture(page, 'audit', 'console-audit')
    await section(page, 'enrolment')
    await page.locator('[data-add]').click()
    await page.getByRole('dialog').locator('[data-field="device"] input').fill('w13')
    await page.getByRole('dialog').getByRole('button', { name: '生成注册码', exact: true }).click()
    await page.waitForSelector('[data-enrolment="open"]')
    await picture(page, 'console-enrolment')
    await page.done()
  })

  test('the assessment', { timeout: 900_000 }, async () => {
    const { periods } = await demo.get(`months?year=${new Date().getUTCFullYear()}`)
    const month = periods.find(({ state }) => state === 'published')?.period ?? periods[0].period
    const page = await demo.as(browser, 'dudao', '/console#/periods', desk)
    await sectionPicture(page, 'periods', 'console-periods')
    await page.goto(`${demo.http}/console#/periods/${month}`)
    await page.waitForSelector('section.view[aria-busy="false"] [data-table]')
    await picture(page, 'console-month')
    await sectionPicture(page, 'policies', 'console-policies')
    await page.done()
  })

  test('citizens at kiosk, lobby, board and phone', { timeout: 900_000 }, async () => {
    const taken = await open(browser, `${demo.http}/kiosk#key=${demo.key}&printer=kiosk1`, kiosk)
    await taken.waitForSelector('[data-service]')
    await picture(taken, 'kiosk-home')
    await taken.locator('[data-service]').first().tap()
    await taken.waitForSelector('[data-take="ordinary"]')
    await picture(taken, 'kiosk-guide')
    await taken.locator('[data-take="ordinary"]').tap()
    await taken.waitForSelector('[data-ticket]')
    await taken.getByText('请取走号票').waitFor()
    await picture(taken, 'kiosk-ticket')
    const token = await taken.locator('[data-ticket]').getAttribute('data-token')
    const mobile = await open(browser, `${demo.http}/t/${token}`, phone)
    await mobile.waitForSelector('[data-stage]')
    await picture(mobile, 'phone-ticket')
    await mobile.done()
    const lobby = await open(browser, `${demo.http}/lobby`, screen)
    await connection(lobby, 'live')
    await picture(lobby, 'lobby')
    const board = await open(browser, `${demo.http}/board`, screen)
    await board.waitForSelector('main')
    await picture(board, 'board')
    await board.done()
    const rate = await open(browser, `${demo.http}/rate/w01#key=${demo.key}`, tablet)
    await rate.waitForSelector('[data-level]', { timeout: 240_000 }) // somebody is being served
    await picture(rate, 'rate')
    await rate.done()
    const unknown = await open(browser, `${demo.http}/screen`, screen)
    await unknown.waitForSelector('[data-code]')
    await picture(unknown, 'screen-code')
    await unknown.done()
    await lobby.done()
    await taken.done()
  })

  test('people at a window', { timeout: 900_000 }, async () => {
    const panel = await demo.as(browser, 'yan01', '/window/w01', laptop)
    await panel.waitForSelector('[data-stage="serving"]', { timeout: 240_000 })
    await picture(panel, 'window-panel')
    await panel.done()
    const me = await demo.as(browser, 'yan01', '/me', phone)
    await me.waitForSelector('main section')
    await picture(me, 'me')
    await me.done()
    const inspect = await demo.as(browser, 'dudao', '/console#/inspect', phone)
    await section(inspect, 'inspect')
    await picture(inspect, 'inspect-phone')
    await inspect.done()
    const login = await open(browser, `${demo.http}/login`, laptop)
    await login.waitForSelector('#account')
    await picture(login, 'login')
    await login.done()
  })

  // Last: the hub is gone afterwards.
  test('screens whose hub is gone', { timeout: 900_000 }, async () => {
    const lobby = await open(browser, `${demo.http}/lobby`, screen)
    const taken = await open(browser, `${demo.http}/kiosk#key=${demo.key}&printer=kiosk1`, kiosk)
    const page = await demo.as(browser, 'dudao', '/console#/hall', desk)
    await connection(lobby, 'live')
    await taken.waitForSelector('[data-service]')
    await demo.kill()
    for (const one of [lobby, page]) await connection(one, ['stale', 'disconnected'])
    await taken.getByText('取号机暂时无法使用').waitFor()
    await picture(lobby, 'away-lobby')
    await picture(taken, 'away-kiosk')
    await picture(page, 'away-console')
    for (const one of [lobby, taken, page]) await one.context().close()
  })
})
