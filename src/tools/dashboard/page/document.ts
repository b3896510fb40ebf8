const clientTable = (id: string, caption: string): string => `
      <section aria-labelledby="${id}-heading">
        <h2 id="${id}-heading">${caption}</h2>
        <div class="scroll" role="region" aria-labelledby="${id}-heading" tabindex="0">
          <table>
            <caption>Of the last 5 to 10 minutes</caption>
            <thead><tr>
              <th scope="col">Client</th>
              <th scope="col" class="figure">Requests</th>
              <th scope="col">Left when last seen</th>
            </tr></thead>
            <tbody id="${id}"></tbody>
          </table>
        </div>
      </section>`

const table = (id: string, heading: string, caption: string, columns: readonly string[]): string => `
    <section aria-labelledby="${id}-heading">
      <h2 id="${id}-heading">${heading}</h2>
      <div class="scroll" role="region" aria-labelledby="${id}-heading" tabindex="0">
        <table>
          <caption id="${id}-caption">${caption}</caption>
          <thead><tr>${columns.map((column) => `<th scope="col">${column}</th>`).join('')}</tr></thead>
          <tbody id="${id}"></tbody>
        </table>
      </div>
    </section>`

/** The page before its script has filled it in. */
export const DOCUMENT: string = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Rate limits</title>
  <link rel="icon" href="icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="page.css">
  <script src="page.js" defer></script>
</head>
<body>
  <a class="skip" href="#main">To the figures</a>
  <header>
    <h1>Rate limits</h1>
    <label id="choice" hidden>Limiter <select id="limiter"></select></label>
    <p id="connection" role="status" data-state="waiting">Connecting</p>
  </header>
  <main id="main" tabindex="-1">
    <noscript><p>This page draws its figures with a script of its own.</p></noscript>
    <p id="summary" class="hidden" aria-live="polite"></p>
    <section aria-labelledby="rate-heading">
      <h2 id="rate-heading">Requests a second</h2>
      <ul class="legend">
        <li><span class="key admitted"></span> Admitted <strong id="admitted">0</strong></li>
        <li><span class="key refused"></span> Refused <strong id="refused">0</strong></li>
      </ul>
      <svg id="chart" role="img" aria-label="No figures yet"></svg>
      <details>
        <summary>The same as a table</summary>
        <div class="scroll" role="region" aria-labelledby="rate-heading" tabindex="0">
          <table>
            <caption>Requests in steps of 30 seconds</caption>
            <thead><tr>
              <th scope="col">Seconds ago</th>
              <th scope="col" class="figure">Admitted</th>
              <th scope="col" class="figure">Refused</th>
            </tr></thead>
            <tbody id="steps"></tbody>
          </table>
        </div>
      </details>
    </section>
    <div class="pair">${clientTable('busiest', 'Busiest clients')}${clientTable('most-refused', 'Most refused clients')}
    </div>${table('bans', 'Bans', 'No ban', ['Client', 'Ends in'])}${table(
      'stores',
      'Stores',
      'How each limiter gets on with its store',
      ['Limiter', 'State', 'For', 'Last error', 'Late replies', 'Keys', 'Memory', 'Evicted', 'Overflowed'],
    )}${table('routes', 'Routes', 'Every route of the app, read every 30 seconds', [
      'Method',
      'Path',
      'Limits',
      'Limiters',
      'State',
    ])}
  </main>
</body>
</html>
`

/** A gate that is half open. */
export const ICON: string = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
  <rect width="16" height="16" rx="3" fill="#2a6fc9"/>
  <path d="M4 3v10M12 3v10M4 9l6-4" stroke="#fff" stroke-width="2" fill="none"/>
</svg>
`
