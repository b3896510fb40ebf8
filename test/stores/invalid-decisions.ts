/** What a store may answer that is no decision on a charge of `chargeOf`, and how the flaw is put. */
export const NONSENSE: readonly (readonly [answer: unknown, flaw: string])[] = [
  [undefined, 'answered no decision but undefined'],
  [null, 'answered no decision but null'],
  [true, 'answered no decision but true'],
  ['OK', "answered no decision but 'OK'"],
  [0, 'answered no decision but 0'],
  [Number.NaN, 'answered no decision but NaN'],
  [{}, 'answered no decision but {}'],
  [[1, 60_000], 'answered no decision but [1,60000]'],
  [{ totalHits: 1, resetTime: 'soon' }, 'answered no decision but {"totalHits":1,"resetTime":"soon"}'],
  [decision({ allowed: 'yes' }), `answered no decision but ${shownDecision('"yes"')}`],
  [decision({ allowed: 1 }), `answered no decision but ${shownDecision('1')}`],
  [decision({ retryAfterMs: undefined }), 'answered retryAfterMs undefined'],
  [decision({ retryAfterMs: -1 }), 'answered retryAfterMs -1'],
  [decision({ retryAfterMs: Number.NaN }), 'answered retryAfterMs NaN'],
  [decision({ retryAfterMs: Number.POSITIVE_INFINITY }), 'answered retryAfterMs Infinity'],
  [decision({ retryAfterMs: '5' }), "answered retryAfterMs '5'"],
  [decision({ retryAfterMs: new Date(0) }), 'answered retryAfterMs "1970-01-01T00:00:00.000Z"'],
  [decision({ limits: undefined }), 'answered undefined for 1 limit(s)'],
  [decision({ limits: [] }), 'answered [] for 1 limit(s)'],
  [decision({ limits: { length: 1 } }), 'answered {"length":1} for 1 limit(s)'],
  [decision({ limits: [null] }), "answered null for the limit 'test'"],
  [decision({ limits: [undefined] }), "answered undefined for the limit 'test'"],
  [decision({ limits: [5] }), "answered 5 for the limit 'test'"],
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300, null, '5'].map(
    (repeatAfterMs) =>
      [
        decision({ repeatAfterMs }),
        `answered repeatAfterMs ${typeof repeatAfterMs === 'string' ? "'5'" : repeatAfterMs}`,
      ] as const,
  ),
  [refusal({ ban: null }), 'answered the ban null'],
  [refusal({ ban: true }), 'answered the ban true'],
  [refusal({ ban: 60_000 }), 'answered the ban 60000'],
  [refusal({ ban: {} }), 'answered the ban {}'],
  ...[
    { endsInMs: 5000 },
    { isNew: true },
    { endsInMs: -1, isNew: false },
    { endsInMs: '5000', isNew: false },
    { endsInMs: null, isNew: true },
    { endsInMs: 5000, isNew: 'yes' },
    { endsInMs: 5000, isNew: null },
  ].map((ban) => [refusal({ ban }), `answered the ban ${JSON.stringify(ban)}`] as const),
  [
    refusal({ ban: { endsInMs: Number.POSITIVE_INFINITY, isNew: true } }),
    'answered the ban {"endsInMs":null,"isNew":true}',
  ],
  // A ban lets nothing pass.
  [decision({ ban: { endsInMs: 5000, isNew: false } }), 'answered the ban {"endsInMs":5000,"isNew":false}'],
  ...[
    state({ name: 'other' }),
    state({ name: undefined }),
    state({ limit: null }),
    state({ limit: '3' }),
    state({ limit: 1e300 }),
    state({ remaining: -1 }),
    state({ remaining: 1.5 }),
    state({ remaining: null }),
    state({ remaining: '2' }),
    state({ resetMs: -1 }),
    state({ resetMs: null }),
    state({ resetMs: 1e300 }),
    state({ resetMs: '2023-11-14' }),
  ].map(
    (flawed) =>
      [decision({ limits: [flawed] }), `answered ${JSON.stringify(flawed)} for the limit 'test'`] as const,
  ),
  [
    decision({ limits: [state({ remaining: Number.NaN })] }),
    'answered {"name":"test","limit":3,"remaining":null,"resetMs":60000} for the limit \'test\'',
  ],
  [
    decision({ limits: [state({ resetMs: Number.POSITIVE_INFINITY })] }),
    'answered {"name":"test","limit":3,"remaining":2,"resetMs":null} for the limit \'test\'',
  ],
]

function decision(changes: object): object {
  return { allowed: true, retryAfterMs: 0, limits: [state({})], ...changes }
}

function refusal(changes: object): object {
  return decision({ allowed: false, retryAfterMs: 5000, ...changes })
}

function state(changes: object): object {
  return { name: 'test', limit: 3, remaining: 2, resetMs: 60_000, ...changes }
}

/** The decision as a message shows it: cut after 80 characters. */
function shownDecision(allowed: string): string {
  const text = JSON.stringify(decision({})).replace('true', allowed)
  return `${text.slice(0, 77)}...`
}
