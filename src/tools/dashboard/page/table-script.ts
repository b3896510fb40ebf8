/**
 * The part of the page's script that fills tables. Text goes in as text, never as HTML: keys are what clients make
 * them. Rows are reused, so that a reader's selection and place stay where they are.
 */
export const TABLE_SCRIPT: string = String.raw`
const byId = (id) => document.getElementById(id)
const whole = (number) => number.toLocaleString('en')

function element(name, className, ...children) {
  const made = document.createElement(name)
  if (className) made.className = className
  made.append(...children)
  return made
}

const cell = (text, className) => element('td', className, text)

function head(...children) {
  const made = element('th', '', ...children)
  made.scope = 'row'
  return made
}

// A name that runs from right to left must not turn around what stands beside it.
function nameOf({ text, tag }) {
  const name = element('bdi', '', text)
  return tag === '' ? [name] : [name, element('span', 'tag', tag)]
}

function fill(id, rows, columns, none) {
  const body = byId(id)
  const shown = rows.length > 0 ? rows : [[cell(none, 'empty')]]
  if (rows.length === 0) shown[0][0].colSpan = columns
  const signature = shown.map((cells) => cells.map((one) => one.outerHTML).join('')).join('\n')
  if (body.signature === signature) return
  body.signature = signature
  body.replaceChildren(...shown.map((cells) => element('tr', '', ...cells)))
}

function duration(seconds) {
  if (seconds < 60) return Math.max(0, Math.round(seconds)) + ' s'
  if (seconds < 3600) return Math.floor(seconds / 60) + ' min ' + Math.round(seconds % 60) + ' s'
  return Math.floor(seconds / 3600) + ' h ' + Math.floor((seconds % 3600) / 60) + ' min'
}

function bytes(count) {
  if (count < 1024) return count + ' B'
  return count < 1048576 ? (count / 1024).toFixed(1) + ' KiB' : (count / 1048576).toFixed(1) + ' MiB'
}

function budgetCell(budget) {
  if (!budget) return cell('-', 'empty')
  const { remaining, limit, requestClass } = budget
  const meter = element('meter')
  meter.max = limit
  meter.low = limit * 0.2
  meter.optimum = limit
  meter.value = remaining
  // The words beside it say the same.
  meter.setAttribute('aria-hidden', 'true')
  return element('td', '', meter, whole(remaining) + ' of ' + whole(limit) + ' ' + requestClass + 's')
}

function clientRow({ client, least, most, isBanned, budget }) {
  const count = least === most ? whole(most) : whole(least) + ' to ' + whole(most)
  return [
    head(...nameOf(client)),
    cell(count, 'figure'),
    isBanned ? cell('banned', 'bad') : budgetCell(budget),
  ]
}

function showClients({ busiest, mostRefused }) {
  fill('busiest', busiest.map(clientRow), 3, 'No request yet')
  fill('most-refused', mostRefused.map(clientRow), 3, 'Nobody was refused')
}

function showBans({ bans, banCount }) {
  const more = banCount > bans.length ? ', the newest ' + whole(bans.length) + ' of them' : ''
  byId('bans-caption').textContent = banCount === 0 ? 'No ban' : whole(banCount) + (banCount === 1 ? ' ban' : ' bans') + more
  fill('bans', bans.map(({ client, endsInSec }) => [head(...nameOf(client)), cell(duration(endsInSec))]), 2, 'Nobody is banned')
}

const STATES = { closed: 'asked', open: 'not asked, it fails', 'half-open': 'on trial' }

function storeRow({ name, mode, health, store }) {
  const figure = (key, show = whole) => cell(store ? show(store[key]) : '-')
  return [
    head(mode === 'shadow' ? name + ' (shadow)' : name),
    cell(STATES[health.state] || health.state, health.state === 'closed' ? 'good' : 'bad'),
    cell(duration((Date.now() - health.sinceMs) / 1000)),
    cell(health.lastError || 'none'),
    cell(whole(health.lateReplies)),
    cell(store ? whole(store.keys) + ' of ' + whole(store.maxKeys) : '-'),
    figure('bytes', bytes),
    figure('unexpiredEvictions'),
    figure('overflowed'),
  ]
}

function routeRow({ method, path, limits, limiters, state, why }) {
  const shown = cell(state, state === 'limited' ? 'good' : 'bad')
  shown.title = why
  return [cell(method), head(path), cell(limits), cell(limiters || '-'), shown]
}

async function showRoutes() {
  try {
    const answer = await fetch('routes')
    const table = await answer.json()
    if (table.routes) fill('routes', table.routes.map(routeRow), 5, 'No route')
    else fill('routes', [], 5, table.problem || 'The server answered ' + answer.status + '.')
  } catch {
    // The stream says that the server is gone.
  }
}
`
