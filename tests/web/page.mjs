// The page as a visitor meets it: node page.mjs SCENARIO ADDRESS CHROMIUM SCREENSHOTS
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const [scenario, address, executablePath, screenshots] = process.argv.slice(2)
const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const SECOND = 1_000

const scenarios = { terminal, looks, keyboard, book, editor, many, load }

const browser = await chromium.launch({ executablePath, args: ARGUMENTS, chromiumSandbox: false })
try {
  await scenarios[scenario]()
} finally {
  await browser.close()
}

/** Something moves at once, and the terminal answers with what came over the simulated wire. */
async function terminal() {
  await visit({}, async page => {
    await page.getByTestId('packet').first().waitFor({ state: 'attached', timeout: 5 * SECOND })
    const rows = page.getByTestId('packets').locator('tbody tr')
    await rows.first().waitFor()
    assert.ok((await rows.count()) > 3, 'the opening request is in the table of packets')

    const output = page.getByTestId('terminal-output')
    await type(page, 'kubectl get service hotel-service')
    await output.getByText('CLUSTER-IP').last().waitFor()
    const before = await rows.count()
    await type(page, 'kubectl exec client -- curl -s http://hotel-service.default.svc.cluster.local')
    await page.waitForFunction(() => {
      const terminal = document.querySelector('lab-app')?.renderRoot.querySelector('lab-terminal')
      const answers = terminal?.renderRoot.querySelectorAll('.out') ?? []
      return [...answers].at(-1)?.textContent?.includes('hotel-app-')
    })
    assert.ok((await rows.count()) > 0 && before > 0)
    await type(page, 'kubectl exec client -- curl -sS http://nobody')
    await output.getByText('Could not resolve host: nobody').first().waitFor()

    // What the laptop does not have is on a node, and the map's rule leads there, too.
    await type(page, 'iptables -t nat -L')
    await page.getByTestId('lab-line').getByRole('button').last().click()
    await output.getByText(':KUBE-SERVICES').first().waitFor()
    await page.locator('[data-key="node-1:service/default/hotel-service"]').click()
    await page.getByRole('button', { name: 'Rules' }).click()
    await output.getByText(/default\/hotel-service cluster IP/).last().waitFor()
    await type(page, 'ssh node-1')
    await page.waitForFunction(() => document.querySelector('lab-app').shell.prompt === '/ # ')
    await type(page, 'hostname')
    await output.getByText('node-1', { exact: true }).waitFor()
    await type(page, 'exit')
  })
}

/** 360 and 1280 pixels, light and dark: nothing wider than the screen, nothing unreadable left out. */
async function looks() {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      const viewport = { width, height: width === 360 ? 740 : 800 }
      await visit({ colorScheme, viewport }, async page => {
        await page.getByTestId('map').waitFor()
        await page.getByTestId('packet').first().waitFor({ state: 'attached' })
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.ok(wide <= 0, `at ${width} px the page is ${wide} px wider than the screen`)
        const pods = await page.getByTestId('pod').count()
        assert.ok(pods >= 4, `the map shows ${pods} pods`)
        await page.screenshot({ path: join(screenshots, `page-${width}-${colorScheme}.png`) })
      })
    }
  }
}

/** Without a mouse: type a command, recall it, and step through the packets. */
async function keyboard() {
  await visit({ viewport: { width: 1280, height: 800 } }, async page => {
    const input = page.getByTestId('terminal-input')
    await input.focus()
    await page.keyboard.type('kubectl get pods')
    await page.keyboard.press('Enter')
    await page.getByTestId('terminal-output').getByText('RESTARTS').last().waitFor()
    await page.keyboard.press('ArrowUp')
    assert.equal(await input.inputValue(), 'kubectl get pods')

    const row = page.getByTestId('packets').locator('tbody tr[tabindex="0"]')
    await row.focus()
    const first = await row.getAttribute('data-index')
    await page.keyboard.press('ArrowDown')
    const moved = page.getByTestId('packets').locator('tbody tr[aria-current="true"]')
    await moved.waitFor()
    assert.notEqual(await moved.getAttribute('data-index'), first)
  })
}

/** A learner pastes what a book prints: several lines at once, comments, prompts, answers, a manifest, a loop. */
async function book() {
  await visit({ viewport: { width: 1280, height: 800 } }, async page => {
    const output = page.getByTestId('terminal-output')
    const shown = () => output.innerText()
    const isIdle = () => page.waitForFunction(() => {
      const { shell } = document.querySelector('lab-app')
      return !shell.isBusy && shell.prompt === '$ '
    })
    await paste(page, '# First get the IP\nkubectl get service hotel-service\n\n# Then count the pods\nkubectl get pods | wc -l\n')
    await isIdle()
    assert.match(await shown(), /# Then count the pods\n+\$ kubectl get pods \| wc -l\n5/)
    assert.doesNotMatch(await shown(), /is the prompt/)

    await paste(page, '$ kubectl get service hotel-service\nNAME TYPE CLUSTER-IP\nhotel-service ClusterIP 10.12.6.109\n$ kubectl get nodes\n')
    await isIdle()
    assert.match(await shown(), /2 lines that the commands printed/)
    assert.match(await shown(), /node-2 +Ready/)

    await paste(page, 'kubectl apply -f - <<EOF\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\nEOF\n')
    await isIdle()
    assert.match(await shown(), /namespace\/shop created/)
    await paste(page, 'apiVersion: v1\nkind: Service\nmetadata:\n  name: second\nspec:\n  selector:\n    app: hotel-app\n  ports:\n    - port: 80\n')
    await page.getByRole('tab', { name: 'pasted.yaml' }).waitFor()

    await type(page, 'for i in 1 2; do kubectl exec client -- curl -s http://hotel-service; done; kubectl get svc -o yaml > all.yaml && ls')
    await isIdle()
    assert.match(await shown(), /(hotel-app-\S+\n){2}.*all\.yaml/)
    await type(page, 'kubectl exec -it deploy/hotel-app -- sh')
    await page.waitForFunction(() => document.querySelector('lab-app').shell.prompt === '/ # ')
    await type(page, 'kubectl get pods')
    await output.getByText('kubectl runs on your laptop').waitFor()
    await type(page, 'exit')
    await isIdle()

    await type(page, 'ping 172.30.0.11')
    await type(page, 'kubectl get pods')
    await output.getByText('ping still runs').waitFor()
    await page.getByTestId('terminal-input').press('Control+c')
    await isIdle()
    await page.keyboard.type('get nodes')
    await page.keyboard.press('Control+r')
    assert.equal(await page.getByTestId('terminal-input').inputValue(), 'kubectl get nodes')
  })
}

/** A slip in a manifest is marked on its line before it is applied, and Ctrl-Enter applies the mended text. */
async function editor() {
  await visit({ viewport: { width: 1280, height: 800 } }, async page => {
    await page.getByRole('tab', { name: 'service.yaml' }).click()
    const code = page.locator('.cm-content')
    await code.focus()
    await page.keyboard.press('Control+Home')
    for (let line = 1; line < 7; line += 1) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Backspace')
    await page.getByTestId('finding').getByText('line 7: unknown field "spec.selecto"').waitFor()
    assert.equal(await page.locator('.cm-finding').innerText(), '  selecto:')
    await page.keyboard.type('r')
    await page.getByTestId('finding').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+Enter')
    await page.getByTestId('terminal-output').getByText('service/hotel-service unchanged').waitFor()

    await type(page, 'kubectl edit service hotel-service')
    await page.getByRole('tab', { name: 'service-hotel-service.yaml' }).waitFor()
    assert.match(await code.innerText(), /clusterIP:/)
  })
}

/** Thousands of packets: the table keeps few rows and scrolls through all, and the card hides no rule that it is about. */
async function many() {
  await visit({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' }, async page => {
    await type(page, 'kubectl exec -it client -- sh')
    await type(page, 'for i in $(seq 130); do curl -s http://hotel-service; done')
    await page.waitForFunction(() => document.querySelector('lab-app').lab.playback.frames.length > 2_000)
    const rows = page.getByTestId('packets').locator('tbody tr[data-index]')
    assert.ok((await rows.count()) < 200)
    const last = await page.evaluate(() => document.querySelector('lab-app').lab.playback.frames.length - 1)
    await page.getByLabel('Step', { exact: true }).fill(String(last))
    await rows.last().waitFor()
    assert.equal(await rows.last().getAttribute('data-index'), String(last))
    const scroll = page.locator('lab-packets .scroll')
    for (let turn = 0; turn < 60 && (await rows.first().getAttribute('data-index')) !== '0'; turn += 1) {
      await scroll.evaluate(element => { element.scrollTop -= 1_500 })
      await page.evaluate(() => new Promise(requestAnimationFrame))
    }
    assert.equal(await rows.first().getAttribute('data-index'), '0', 'the oldest packet is reached by scrolling')

    await page.getByLabel('Step', { exact: true }).fill('0')
    const card = await page.locator('lab-map .card rect').boundingBox()
    const rule = await page.locator('lab-map .met > .chip').boundingBox()
    assert.ok(card.y >= rule.y + rule.height || card.y + card.height <= rule.y, 'the card stands beside the rule')
  })
}

/** While a loop calls the Service, the page's buttons still work: pods come and go, and every call is answered. */
async function load() {
  await visit({ viewport: { width: 1280, height: 900 } }, async page => {
    const output = page.getByTestId('terminal-output')
    const pods = () => page.evaluate(() => document.querySelector('lab-app').lab.world.pods.filter(({ name }) => name.startsWith('hotel-app')).map(({ state }) => state))
    await type(page, 'while true; do kubectl exec client -- curl -s -m 1 http://hotel-service || echo lost; sleep 1; done')
    await page.getByRole('group', { name: 'Commands to try' }).getByText('kubectl rollout restart').click()
    await output.getByText('deployment.apps/hotel-app restarted').waitFor()
    assert.ok((await pods()).includes('starting'), 'the update is under way')
    await page.waitForFunction(() => {
      const { world } = document.querySelector('lab-app').lab
      const own = world.pods.filter(({ name }) => name.startsWith('hotel-app'))
      return own.length === 3 && own.every(({ state }) => state === 'ready')
    })
    await page.getByTestId('terminal-input').press('Control+c')
    assert.doesNotMatch(await output.innerText(), /^lost$/m)

    await type(page, 'kubectl exec -it client -- sh')
    await page.waitForFunction(() => document.querySelector('lab-app').shell.prompt === '/ # ')
    await page.getByTestId('apply').click()
    await output.getByText('deployment.apps/hotel-app unchanged').waitFor()
    assert.equal(await page.evaluate(() => document.querySelector('lab-app').shell.prompt), '/ # ', 'the shell in the pod is still open')
  })
}

/** Opens the page and fails on anything it reports as an error. */
async function visit(options, story) {
  const context = await browser.newContext({ reducedMotion: 'no-preference', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20 * SECOND)
  const errors = []
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => message.type() === 'error' && errors.push(message.text()))
  page.on('requestfailed', request => errors.push(`${request.url()} failed`))
  await page.goto(address)
  try {
    await story(page)
    assert.deepEqual(errors, [], 'the page reported errors')
  } catch (error) {
    await page.screenshot({ path: join(screenshots, `failed-${scenario}.png`) })
    if (errors.length > 0) console.error(errors.join('\n'))
    throw error
  } finally {
    await context.close()
  }
}

async function type(page, line) {
  await page.getByTestId('terminal-input').fill(line)
  await page.getByTestId('terminal-input').press('Enter')
}

async function paste(page, text) {
  await page.getByTestId('terminal-input').evaluate((input, text) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', text)
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true, composed: true }))
  }, text)
}
