/** The part of the page's script that listens to the server and decides what is drawn when. */
export const LIVE_SCRIPT: string = `
const SUMMARY_MS = 30000
const ROUTES_MS = 30000
const RETRY_MS = 5000
// Whoever does not like movement gets a new picture every ten seconds.
const CALM_MS = 10000

const prefersCalm = matchMedia('(prefers-reduced-motion: reduce)')
let latest
let drawnAt = -Infinity
let summedUpAt = -Infinity
let summedUpState = ''

const chosen = () => latest.limiters[byId('limiter').selectedIndex] || latest.limiters[0]

function showChoice({ limiters }) {
  const select = byId('limiter')
  byId('choice').hidden = limiters.length < 2
  if (select.length === limiters.length) return
  select.replaceChildren(...limiters.map(({ name }) => element('option', '', name)))
}

function draw() {
  if (!latest) return
  drawnAt = performance.now()
  const limiter = chosen()
  byId('admitted').textContent = whole(limiter.admitted[limiter.admitted.length - 1])
  byId('refused').textContent = whole(limiter.refused[limiter.refused.length - 1])
  drawChart(limiter)
  showSteps(limiter)
  showClients(limiter)
  showBans(limiter)
  fill('stores', latest.limiters.map(storeRow), 9, '')
}

// For screen readers: every half minute, and at once when a store fails or a client is banned.
function sumUp() {
  const { admitted, refused, banCount, health } = chosen()
  const state = [byId('limiter').selectedIndex, banCount, health.state].join()
  const now = performance.now()
  if (now - summedUpAt < SUMMARY_MS && state === summedUpState) return
  summedUpAt = now
  summedUpState = state
  byId('summary').textContent = 'In the last 30 seconds ' + whole(sum(admitted.slice(-30))) + ' requests were admitted and ' +
    whole(sum(refused.slice(-30))) + ' refused. Bans: ' + whole(banCount) + '. The store is ' + (STATES[health.state] || health.state) + '.'
}

function connection(state, text) {
  const shown = byId('connection')
  if (shown.dataset.state === state) return
  shown.dataset.state = state
  shown.textContent = text
}

function listen() {
  const source = new EventSource('events')
  source.onmessage = ({ data }) => {
    latest = JSON.parse(data)
    connection('live', 'Live')
    showChoice(latest)
    if (!prefersCalm.matches || performance.now() - drawnAt >= CALM_MS) draw()
    sumUp()
  }
  source.onerror = () => {
    connection('lost', 'Not connected, trying again')
    // After an answer that is no stream, such as 503 or 429, the browser does not try again by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS)
  }
}

byId('limiter').addEventListener('change', draw)
new ResizeObserver(draw).observe(byId('chart'))
showRoutes()
setInterval(showRoutes, ROUTES_MS)
listen()
`
