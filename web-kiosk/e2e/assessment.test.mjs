// The assessment's whole cycle against a real hub: a policy is adopted and extended,
// one month is published and revised after a late correction, another takes an appeal.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, launch, open, shoot } from './fixture/browser.mjs'
import { Devices, later } from './fixture/furnished.mjs'
import { Hall, until } from './fixture/hall-programs.mjs'
import { account, administrator, consoleOf, password, signIn } from './fixture/people.mjs'

const policies = join(import.meta.dirname, '../../policies/63.yaml')
let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const two = (n) => String(n).padStart(2, '0')
/** A month so many from another. */
const month = (from, steps) => { const n = Number(from.slice(0, 4)) * 12 + Number(from.slice(5, 7)) - 1 + steps; return `${Math.floor(n / 12)}-${two((n % 12) + 1)}` }
const dialog = (page) => page.getByRole('dialog')
async function press(page, act, name) {
  await page.locator(`[data-act="${act}"]:not([disabled])`).click()
  await dialog(page).getByRole('button', { name, exact: true }).click()
  await dialog(page).waitFor({ state: 'detached' })
}
async function fill(page, fields, button) {
  for (const [name, value] of Object.entries(fields)) await dialog(page).locator(`[data-field="${name}"] :is(input, textarea)`).fill(value)
  await dialog(page).getByRole('button', { name: button, exact: true }).click()
  await dialog(page).waitFor({ state: 'detached' })
}

/** Two windows and their people, who were there in two months that are over; everybody is fictional. */
async function furnish(hall) {
  const { day } = (await hall.get('live')).hall
  const [old, last] = [month(day, -2), month(day, -1)]
  const start = `${month(day, -6)}-01`
  await hall.send('PUT', 'departments/civil', { name: '民政局' })
  await hall.send('PUT', 'shifts/day', { name: '行政班', swipes: 4, plans: [{ days: 'all', periods: [{ in: '08:30', out: '12:00' }, { in: '14:30', out: '18:00' }] }] })
  await hall.send('POST', 'shifts/day/assign', { scope: 'hall', from: start })
  const devices = new Devices(hall, 8)
  for (const n of [1, 2]) {
    await hall.send('PUT', `windows/w${two(n)}`, { number: two(n), name: n === 1 ? '婚姻登记' : '社会救助', department: '民政局' })
    await hall.send('PUT', `staff/s0${n}`, { name: `演示员0${n}`, department: 'civil', employment: 'in_post', work_since: '2015-07-01', born: '1988-05-01' })
    await hall.send('POST', 'cards', { number: `77A1${two(n).padStart(4, '0')}`, staff: `s0${n}`, from: start })
    await hall.send('PUT', `posts/p0${n}`, { window: `w${two(n)}`, name: '综合岗' })
    await hall.send('POST', `staff/s0${n}/post`, { post: `p0${n}`, from: start })
    await devices.status(`a${two(n)}`, 'online')
  }
  await until('the devices are heard', async () => Object.keys((await hall.get('live')).devices).length === 2)
  for (const n of [1, 2]) await hall.send('POST', `devices/a${two(n)}/assign`, { window: `w${two(n)}` })
  const days = []
  const work = new Map((await Promise.all([...new Set([old, last].map((one) => one.slice(0, 4)))].map((year) => hall.get(`calendar?year=${year}`)))).flatMap((year) => year.days.map((one) => [one.date, one.kind])))
  for (let at = `${old}-01`; at < `${day.slice(0, 7)}-01`; at = later(at, 1)) if (['work', 'make_up'].includes(work.get(at) ?? '')) days.push(at)
  // The second of them is late on the first day of each month.
  const first = new Set([old, last].map((one) => days.find((at) => at.startsWith(one))))
  await devices.send(days.flatMap((at) => ['08:12', '12:05', '14:22', '18:03'].flatMap((time, k) => [1, 2].map((n) => devices.swipe(n, `s0${n}`, at, k === 0 && n === 2 && first.has(at) ? '08:39' : time)))))
  await until('the swipes are there', async () => { const sheet = await hall.get(`days/${days.at(-1)}`); return sheet.sheet.staff.every((line) => (line.swipes ?? []).length === 4) })
  for (const at of days) await hall.send('POST', `days/${at}/check`)
  return { day, old, last, late: days.find((at) => at.startsWith(old)) }
}

describe('the assessment', () => {
  test('goes from the policy to a published month, its revision and an appeal', { timeout: 300_000 }, async () => {
    const hall = new Hall()
    try {
      hall.settings = 'hall: {id: hall, name: 演示政务服务大厅, time_zone: Asia/Shanghai}\n'
      await hall.startHub()
      const { old, last, late } = await furnish(hall)
      await administrator(browser, hall)
      await account(browser, hall, 'two', { name: '演示员02', role: 'staff', staff: 's02' })
      await account(browser, hall, 'duban', { name: '演示督导', role: 'supervisor' })
      const page = await consoleOf(browser, hall, 'admin', 'periods', { viewport: { width: 1440, height: 900 } })
      const go = async (view) => {
        await page.goto(`${hall.http}/console#/${view}`)
        await page.waitForSelector('section.view[aria-busy="false"] [data-view="content"]')
      }

      // Without an adopted policy nothing can be computed, and the page says so.
      await go(`periods/${old}`)
      await page.locator('[data-blocked]').first().waitFor()
      assert.equal(await page.locator('[data-act="compute"]').isDisabled(), true)

      // A fault stands at its line; the file as it was shipped is adopted and extended.
      await go('policies')
      await page.locator('[data-new]').click()
      const area = page.locator('textarea')
      await page.locator('[data-sound]').waitFor()
      const text = readFileSync(policies, 'utf8')
      assert.equal(await area.inputValue(), text)
      await area.fill(text.replace('points: missing_points', 'points: no_such_points'))
      await page.locator('[data-fault]').first().waitFor()
      await shoot(page, 'assessment-editor')
      await area.fill(text.replace('version: "1.0.0"', 'version: "1.0.1"'))
      await page.locator('[data-sound]').getByText('1.0.1').waitFor()
      await page.locator('[data-adopt]:not([disabled])').click()
      await fill(page, { from: '2021-01-01', document: '演示通过〔2026〕1号' }, '通过并适用')
      await page.locator('[data-proposal][data-state="open"] [data-withdraw-proposal]').waitFor()
      assert.equal(await page.locator('[data-confirm]').count(), 0) // nobody confirms what they propose
      const second = await consoleOf(browser, hall, 'duban', 'proposals', { viewport: { width: 1440, height: 900 } })
      const confirm = async () => {
        await second.locator('[data-confirm]').click()
        await dialog(second).getByRole('button', { name: '确认', exact: true }).click()
        await dialog(second).waitFor({ state: 'detached' })
        await second.locator('[data-proposal][data-state="open"]').first().waitFor({ state: 'detached' })
      }
      await confirm()
      await go('policies')
      await page.locator('[data-policy$="@1.0.1"] a').click()
      await page.locator('[data-extend]').click()
      await fill(page, { from: '2022-08-01', document: '演示延续〔2022〕1号', reason: '试行期满后继续执行' }, '登记')
      await confirm()
      await second.done()
      await page.reload()
      await page.locator('[data-extension="2022-08-01"]').waitFor()

      // The older month has no time for appeals: it is published, then corrected.
      await hall.send('POST', 'policy/parameters/month_appeal_days', { value: 0, from: `${old}-01`, until: later(`${last}-01`, -1), reference: '演示' })
      await go(`periods/${old}`)
      await press(page, 'compute', '计算得分')
      await press(page, 'review', '复核通过')
      await press(page, 'publish', '公示')
      await page.locator('[data-step="published"][data-step-state="done"]').waitFor()
      await page.locator('[data-result="person:s02"] a').click()
      const explained = page.locator('.explained[data-rule="late"]')
      await explained.waitFor()
      await explained.locator('summary').click()
      assert.match(await explained.innerText(), /63号 第八条[\s\S]*@1\.0\.1[\s\S]*a02/)
      await explained.locator('[data-record]').first().click()
      await page.locator('[data-record-text]').getByText('card.swiped').waitFor()
      await page.locator('[data-proved]').waitFor()
      await page.keyboard.press('Escape')
      await hall.send('POST', 'punches/manual', { staff: 's02', day: late, at: '08:20', signed_by: 's01', reason: '读卡器故障' })
      await go(`periods/${old}`)
      await page.locator('[data-pending]').waitFor()
      await page.locator('[data-pending] summary').click()
      await page.locator('[data-change="person:s02"]').waitFor()
      await assertAccessible(page, 'a month with a correction')
      await shoot(page, 'assessment-pending')
      await page.locator('[data-act="revise"]:not([disabled])').click()
      await fill(page, { reason: '补录读卡器故障时的签到' }, '发布修订')
      await page.locator('[data-tab="revisions"]').click()
      await page.locator('[data-revision="2"]').waitFor()

      await page.locator('[data-tab="copies"]').click()
      await page.getByText('主机没有设置邮件服务器').waitFor()

      // A draft is compared in what it would give before anybody adopts it.
      await go('policies')
      await page.locator('[data-new]').click()
      await page.locator('[data-sound]').waitFor()
      await area.fill((await area.inputValue()).replace('version: "1.0.1"', 'version: "1.0.2"'))
      await page.locator('[data-sound]').getByText('1.0.2').waitFor()
      await page.locator('[data-tab="difference"]').click()
      await page.locator('[data-compare]').click()
      await page.locator('[data-same]').waitFor()

      // The last month takes appeals; whom it is about makes one, another decides.
      await go(`periods/${last}`)
      await press(page, 'compute', '计算得分')
      await press(page, 'review', '复核通过')
      await press(page, 'open-appeals', '开始受理申诉')
      await page.locator('[data-blocked="appeals_run"]').waitFor()
      const own = await open(browser, `${hall.http}/login?next=/api/v1/session`)
      await signIn(own, 'two', password)
      await own.waitForURL(({ pathname }) => pathname === '/api/v1/session')
      const score = await (await own.request.get(`${hall.http}/api/v1/scores/person:s02/${last}`)).json()
      const finding = score.explained.find(({ rule }) => rule.id === 'late').finding
      const made = await own.request.post(`${hall.http}/api/v1/appeals`, { data: { period: last, finding: finding.fact, rule: finding.rule, text: '当天停电，门禁打不开' } })
      assert.equal(made.status(), 200, await made.text())
      await own.done()
      await go('appeals')
      const appeal = page.locator('[data-score-appeal][data-state="waiting"]')
      await appeal.getByText('当天停电').waitFor()
      await shoot(page, 'assessment-appeals')
      await appeal.locator('[data-decide]').click()
      await dialog(page).locator('select').selectOption('yes')
      await fill(page, { reason: '物业记录属实' }, '复核')
      await page.locator('[data-filter="decided"]').click()
      await page.locator('[data-score-appeal][data-state="granted"]').waitFor()
      await go(`periods/${last}/person:s02`)
      await page.locator('[data-void]').waitFor()

      // The year is simulated before anything of it is published; trends are drawn from what is there.
      await go(`periods/${last.slice(0, 4)}`)
      await page.locator('[data-blocked="period_running"], [data-running], [data-blocked="parts_unpublished"]').first().waitFor()
      await go(`awards/${last.slice(0, 4)}`)
      await page.locator('[data-award="excellent_window"]').waitFor()
      await shoot(page, 'assessment-awards')
      await go('trends')
      await page.locator('[data-table="trends"] tbody tr').first().waitFor()
      await page.locator('.chart svg path').first().waitFor({ state: 'attached' })
      await assertAccessible(page, 'trends')
      await shoot(page, 'assessment-trends')
      await page.done()
    } finally {
      await hall.stop()
    }
  })
})
