// The console's assessment over answers that are made up: sixty people at twenty
// windows, five months. The whole cycle against a real hub is in assessment.test.mjs.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { answerTo, checkOf, periodOf, policy } from './fixture/assessment.mjs'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { unfit } from './fixture/fit.mjs'
import { withHub } from './fixture/server.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const all = ['signed_in', 'self', 'read_hall', 'read_all', 'recommend', 'arrange', 'decide', 'inspect', 'govern', 'audit']
const roles = { administrator: all, auditor: ['signed_in', 'read_hall', 'read_all', 'audit'], liaison: ['signed_in', 'self', 'read_hall', 'recommend'] }

function answers(role) {
  return (path, query, body) => {
    if (path === 'session') return { account: role, name: '演示账号', role, permissions: roles[role], ...(role === 'liaison' ? { department: 'd01' } : {}) }
    if (path === 'policies/check') return checkOf(body.text)
    if (path === 'policies/compare') { const { pending, names, rules } = periodOf('2026-08'); return { month: body.month, from: policy, to: policy, assessed: 88, changes: pending, names, rules } }
    if (path === 'events' && query.get('limit') === '1') return { events: [{ position: Number(query.get('after')) + 1, kind: 'card.swiped', at: '2026-10-03T08:41:12+08:00', agent: 'a09', data: {} }], next: 0, head: 0 }
    if (path === 'proofs/record') return { size: 128_403, root: 'ef', hashes: [] }
    return body === undefined ? answerTo(path, query) : undefined
  }
}

/** Runs a test on a console of its own. */
function onConsole(name, { at, role = 'administrator', query = '', viewport = { width: 1440, height: 900 } }, body) {
  test(name, { timeout: 300_000 }, () => withHub({ windows: 20 }, async (hub) => {
    hub.reply = answers(role)
    const page = await open(browser, `${hub.address}/console${query}#/${at}`, { viewport })
    try {
      await connection(page, 'live')
      await content(page)
      await body(page, hub)
      await page.done()
    } finally {
      await page.context().close()
    }
  }))
}

const content = (page) => page.waitForSelector('section.view[aria-busy="false"] [data-view]')
const views = ['periods', 'periods/2026-10', 'periods/2026-08', 'periods/2026', 'periods/2026-10/person:s17', 'periods/2026-10/window:w03', 'trends', 'appeals', 'awards/2026', 'policies', `policies/${policy}`, `policies/${policy}/new`,
  ...['exchanges', 'reports', 'tasks', 'items', 'withdrawals', 'honours', 'own-scores'].map((part) => `obligations/${part}`), 'evaluations', 'evaluations/v1']

/** Goes to a section and waits until it shows what it is asked for. */
async function go(page, hub, view, query = '') {
  await page.goto(`${hub.address}/console${query}#/${view}`)
  await page.waitForSelector(`nav a[href="#/${view.split('/')[0]}"][aria-current="page"]`)
  await content(page)
}
const dialog = (page) => page.getByRole('dialog')
const sent = (hub, n = -1) => { const { method, path, body } = hub.changes.at(n); return { method, path, body } }
const toast = (page, text) => page.locator('.el-message', { hasText: text }).first().waitFor()

describe('the console’s assessment', () => {
  for (const [size, viewport] of [['1440', { width: 1440, height: 900 }], ['phone', { width: 390, height: 844 }]]) {
    onConsole(`fits and can be read by everyone, ${size}`, { at: 'periods', viewport }, async (page, hub) => {
      const found = []
      for (const view of views) {
        await go(page, hub, view)
        await shoot(page, `assessment-${size}-${view.replaceAll(/[/:@]/g, '-')}`)
        // A chart draws its own texts, which the browser does not measure as those of a page.
        found.push(...(await unfit(page)).filter((one) => !one.startsWith('cut off: text')).map((one) => `${view}: ${one}`))
        await assertAccessible(page, view)
      }
      assert.deepEqual(found, [])
    })
  }

  onConsole('is complete in English', { at: 'periods', query: '?lang=en' }, async (page, hub) => {
    for (const view of views) {
      await go(page, hub, view, '?lang=en')
      const text = await page.locator('nav, h2, th, dt, label, button, .steps, .notice').allInnerTexts()
      assert.deepEqual(text.join('\n').split('\n').filter((line) => /[一-鿿]/.test(line) && !/演示|\d\d |局|大厅显示|63号|办件|花名册|指南|培训|台账|综合|切换|申诉期/.test(line)), [], view)
    }
  })

  onConsole('says what the next step waits for, with the article, and offers the others', { at: 'periods/2026-10' }, async (page, hub) => {
    assert.match(await page.locator('[data-blocked="appeals_open"]').innerText(), /2026-12-04.*第八条/s)
    assert.equal(await page.locator('[data-act="publish"]').isDisabled(), true)
    assert.equal(await page.locator('[data-step="appeals"]').getAttribute('data-step-state'), 'done')
    assert.equal(await page.locator('[data-standing="extended"]').count(), 1)
    await page.locator('[data-act="compute"]').click()
    await dialog(page).getByRole('button', { name: '计算得分' }).click()
    await toast(page, '已完成')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'months/2026-10/compute', body: {} })
    for (const format of ['xlsx', 'docx', 'pdf']) assert.match(await page.locator(`[data-download="${format}"]`).getAttribute('href'), new RegExp(`months/2026-10\\?format=${format}`))
  })

  onConsole('filters, sorts and searches results, and leads to each point of one', { at: 'periods/2026-10' }, async (page) => {
    const rows = page.locator('[data-table="person"] tbody tr')
    assert.equal(await rows.count(), 60)
    await page.locator('select[name="department"]').selectOption({ label: '税务局' })
    const some = await rows.count()
    assert.ok(some > 0 && some < 60)
    await page.locator('select[name="department"]').selectOption('')
    await page.locator('select[name="grade"]').selectOption('barred')
    assert.equal(await page.locator('[data-barred]').count(), await rows.count())
    await page.locator('select[name="grade"]').selectOption('')
    await page.locator('input[name="search"]').fill('人员17')
    assert.equal(await rows.count(), 1)
    await page.locator('input[name="search"]').fill('nobody at all')
    await page.locator('[data-results="empty"]').getByRole('button').click()
    const points = page.locator('[data-column="points"]')
    await page.getByRole('button', { name: '得分' }).click()
    const down = (await points.allInnerTexts()).map(Number)
    assert.deepEqual(down, [...down].sort((a, b) => b - a))
    await page.getByRole('button', { name: '得分' }).click()
    assert.deepEqual((await points.allInnerTexts()).map(Number), [...down].reverse())
    await page.locator('[data-result="person:s17"] a').click()
    await page.locator('[data-points]').first().waitFor()
    assert.match(page.url(), /#\/periods\/2026-10\/person:s17$/)
    const finding = page.locator('.explained[data-rule="off_post"]').first()
    await finding.locator('summary').click()
    assert.match(await finding.innerText(), /63号 第五条[\s\S]*wuzhengbanfa-2020-63@1\.0\.0[\s\S]*a09/)
    await finding.locator('[data-record]').click()
    await page.locator('[data-record-text]').waitFor()
    assert.match(await dialog(page).innerText(), /card\.swiped[\s\S]*128403/)
  })

  onConsole('issues a revision with its reason, and shows old ones as they were', { at: 'periods/2026-08' }, async (page, hub) => {
    await page.locator('[data-pending] summary').click()
    assert.equal(await page.locator('[data-pending] [data-change]').count(), 2)
    await page.locator('[data-act="revise"]').click()
    await assertAccessible(page, 'the revision dialog')
    hub.nextProblem = { status: 422, code: 'fields_invalid', zh: '有内容填写不正确', en: 'One field is wrong', fields: [{ field: 'reason', code: 'required', message: '必须填写原因' }] }
    await dialog(page).getByRole('button', { name: '发布修订' }).click()
    await dialog(page).getByText('必须填写原因').waitFor()
    await dialog(page).locator('textarea').fill(' 补录 8 月 12 日的补卡 ')
    await dialog(page).getByRole('button', { name: '发布修订' }).click()
    await toast(page, '已完成')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'months/2026-08/revise', body: { reason: '补录 8 月 12 日的补卡' } })
    await go(page, hub, 'periods/2026-09')
    await page.locator('[data-tab="revisions"]').click()
    assert.equal(await page.locator('[data-revision]').count(), 2)
    await page.locator('[data-revision="1"]').getByRole('button').click()
    await page.locator('[data-frozen]').waitFor()
    assert.equal(await page.locator('[data-act]').count(), 0)
  })

  onConsole('copies results to departments, and tries a failed mail again', { at: 'periods/2026-08' }, async (page, hub) => {
    await page.locator('[data-tab="copies"]').click()
    await page.locator('[data-copy="d02"][data-state="given_up"]').waitFor()
    assert.match(await page.locator('[data-copy="d06"]').innerText(), /liaison 下载 PDF/)
    await page.locator('[data-copy="d02"] [data-retry]').click()
    await toast(page, '已加入发送')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'copies/k2/retry', body: {} })
    await page.locator('[data-send]').click()
    await dialog(page).getByRole('button', { name: '抄送' }).click()
    await toast(page, '已加入发送')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'months/2026-08/copies', body: { formats: ['xlsx', 'pdf'] } })
  })

  onConsole('decides on an appeal with a reason', { at: 'appeals' }, async (page, hub) => {
    const one = page.locator('[data-score-appeal="ap-2026-10"]')
    assert.match(await one.innerText(), /演示人员17[\s\S]*2026-12-04/)
    await one.locator('[data-decide]').click()
    await dialog(page).locator('select').selectOption('yes')
    await dialog(page).locator('textarea').fill('有签收单')
    await dialog(page).getByRole('button', { name: '复核' }).click()
    await toast(page, '已保存')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'appeals/ap-2026-10/decide', body: { granted: true, reason: '有签收单' } })
    await page.locator('[data-filter="decided"]').click()
    await page.locator('[data-score-appeal="ap-2026-09"][data-state="granted"]').waitFor()
  })

  onConsole('draws trends beside their table, and lets subjects come and go', { at: 'trends/person:s17' }, async (page) => {
    await page.locator('[data-line="s17"]').waitFor()
    await page.locator('.chart svg path').first().waitFor({ state: 'attached' })
    await page.locator('select[name="add"]').selectOption('s09')
    assert.equal(await page.locator('[data-table="trends"] tbody tr').count(), 2)
    assert.match(await page.locator('[data-table="trends"]').innerText(), /–/) // June has none; it is not 0
    await page.locator('select[name="measure"]').selectOption('rate:good_rate')
    await page.locator('[data-compare] details').click()
    assert.equal(await page.locator('[data-table="compare"] tbody tr').count(), 60)
    assert.ok(await page.locator('[role="img"][aria-label*="好评率"]').count() > 0)
  })

  onConsole('tries awards with other places, and changes nothing by it', { at: 'awards/2026' }, async (page, hub) => {
    const windows = page.locator('[data-award="excellent_window"]')
    const won = () => windows.locator('[data-won="true"]').count()
    assert.equal(await won(), 5)
    await windows.locator('input[type="range"]').fill('7')
    assert.equal(await won(), 7)
    await windows.getByRole('button', { name: '恢复政策名额 5' }).click()
    assert.equal(await won(), 5)
    await page.locator('select[name="policy"]').selectOption(policy)
    await page.locator('[data-whatif]').waitFor()
    await page.getByText('入选名单与现行政策相同。').first().waitFor()
    assert.deepEqual(hub.changes, [])
  })

  onConsole('checks a policy while it is written, and adopts it when nothing is wrong', { at: `policies/${policy}/new` }, async (page, hub) => {
    const area = page.locator('textarea')
    await page.locator('[data-sound]').waitFor()
    assert.equal(await page.locator('[data-adopt]').isDisabled(), true) // nothing is new yet
    const text = await area.inputValue()
    await area.fill(text.replace('points: 1', 'points: -1'))
    await page.locator('[data-fault="7"]').waitFor()
    assert.equal(await page.locator('[data-marked="7"]').count(), 1)
    await page.locator('[data-fault="7"]').getByRole('button').click()
    assert.equal(await area.evaluate((e) => e.value.slice(e.selectionStart, e.selectionEnd)), '    points: -1')
    await assertAccessible(page, 'the editor with a fault')
    await area.fill(text.replace('points: 1', 'points: 9'))
    await page.locator('[data-case="4"]').waitFor()
    assert.equal(await page.locator('[data-adopt]').isDisabled(), true)
    const next = text.replace('1.0.0', '1.1.0').replace('points: 2', 'points: 3')
    await area.fill(next)
    await page.locator('[data-sound]').getByText('1.1.0').waitFor()
    await page.locator('[data-tab="difference"]').click()
    assert.equal(await page.locator('.hunk .come').count(), 2)
    await page.locator('[data-compare]').click()
    await page.locator('[data-change="person:s09"]').waitFor()
    await page.locator('[data-adopt]').click()
    await dialog(page).locator('[data-field="from"] input').fill('2026-12-01')
    await dialog(page).locator('[data-field="document"] input').fill('演示通过〔2026〕2号')
    await dialog(page).getByRole('button', { name: '通过并适用' }).click()
    await page.waitForURL('**/console#/proposals')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'policies', body: { text: next, from: '2026-12-01', document: '演示通过〔2026〕2号' } })
  })

  onConsole('extends a policy whose trial is over, and marks what is fictional', { at: `policies/${policy}` }, async (page, hub) => {
    await page.locator('[data-fictional]').waitFor()
    await page.locator('[data-extend]').click()
    await dialog(page).locator('[data-field="from"] input').fill('2027-01-01')
    await dialog(page).locator('[data-field="document"] input').fill('演示延续〔2026〕2号')
    await dialog(page).getByRole('button', { name: '登记' }).click()
    await toast(page, '已提出')
    assert.deepEqual(sent(hub), { method: 'POST', path: `policies/${encodeURIComponent(policy)}/extend`, body: { from: '2027-01-01', document: '演示延续〔2026〕2号' } })
  })

  onConsole('enters what departments owe, and takes back what was entered by mistake', { at: 'obligations/exchanges' }, async (page, hub) => {
    await page.locator('[data-missing="w09"]').getByRole('button').click()
    await dialog(page).locator('[data-field="text"] textarea').fill('下月人员安排')
    await dialog(page).getByRole('button', { name: '保存' }).click()
    await toast(page, '已保存')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'exchanges', body: { window: 'w09', date: '2026-11-23', text: '下月人员安排' } })
    await page.locator('[data-withdraw]').first().click()
    await dialog(page).locator('textarea').fill('登错窗口')
    await dialog(page).getByRole('button', { name: '撤回' }).click()
    await toast(page, '已保存')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'duty-entries/e1/withdraw', body: { reason: '登错窗口' } })

    await go(page, hub, 'obligations/tasks')
    await page.locator('[data-enter]').click()
    await dialog(page).locator('[data-field="title"] input').fill('更新样表')
    await dialog(page).locator('[data-field="whom"] select').selectOption('window')
    await dialog(page).locator('[data-field="window"] select').selectOption('w03')
    await dialog(page).locator('[data-field="due"] input').fill('2026-12-05')
    await assertAccessible(page, 'the task dialog')
    await dialog(page).getByRole('button', { name: '保存' }).click()
    await toast(page, '已保存')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'tasks', body: { title: '更新样表', window: 'w03', due: '2026-12-05' } })

    await go(page, hub, 'obligations/withdrawals')
    assert.deepEqual(await page.locator('[data-withdrawal="w17"] [data-paper-state]').evaluateAll((all) => all.map((one) => one.dataset.paperState)), ['done', 'done', 'refused'])
    await page.locator('[data-withdrawal="w19"] [data-do="approve"]').click()
    await dialog(page).locator('[data-field="document"] input').fill('演示政府〔2026〕50号')
    await dialog(page).locator('[data-field="from"] input').fill('2026-12-01')
    await dialog(page).getByRole('button', { name: '登记批准' }).click()
    await toast(page, '已保存')
    assert.deepEqual(sent(hub), { method: 'POST', path: 'withdrawals/v1/decide', body: { approved: true, document: '演示政府〔2026〕50号', date: '2026-11-23', from: '2026-12-01' } })
  })

  onConsole('edits an evaluation, and signs only what is saved', { at: 'evaluations/v1' }, async (page, hub) => {
    const area = page.locator('#evaluation')
    await area.fill(`${await area.inputValue()}\n同意离任。`)
    assert.equal(await page.locator('[data-sign]').isDisabled(), true)
    await page.getByRole('button', { name: '保存' }).click()
    await toast(page, '已保存')
    assert.match(sent(hub).body.text, /同意离任。$/)
    await page.locator('[data-sign]:not([disabled])').click()
    await dialog(page).getByRole('button', { name: '签署' }).click()
    await toast(page, '已保存')
    assert.equal(sent(hub).path, 'evaluations/v1/sign')
  })

  onConsole('offers an auditor nothing that an auditor may not do', { at: 'periods/2026-08', role: 'auditor' }, async (page, hub) => {
    assert.equal(await page.locator('[data-act]').count(), 0)
    for (const view of ['policies', `policies/${policy}`, `policies/${policy}/new`, 'obligations/tasks', 'obligations/withdrawals', 'evaluations', 'evaluations/v1']) {
      await go(page, hub, view)
      assert.equal(await page.locator('[data-enter], [data-do], [data-new], [data-extend], [data-adopt], [data-sign], [data-withdraw], textarea').count(), 0, view)
    }
    assert.equal(await page.locator('nav a[href="#/appeals"]').count(), 0)
  })

  onConsole('shows a liaison what is of the department', { at: 'obligations/withdrawals', role: 'liaison' }, async (page) => {
    assert.equal(await page.locator('[data-enter]').count(), 1) // a department asks, the bureau decides
    assert.equal(await page.locator('[data-do], [data-found]').count(), 0)
    for (const hidden of ['appeals', 'awards', 'evaluations']) assert.equal(await page.locator(`nav a[href="#/${hidden}"]`).count(), 0, hidden)
    for (const there of ['periods', 'trends', 'policies']) assert.equal(await page.locator(`nav a[href="#/${there}"]`).count(), 1, there)
  })
})
