/**
 * Answers of a store that are no valid decision on a charge of `chargeOf`, and what `invalidityOf` answers.
 */
export const INVALID_DECISIONS: readonly (readonly [answer: unknown, problem: string])[] = [
  [undefined, 'answered undefined instead of a decision'],
  [null, 'answered null instead of a decision'],
  [true, 'answered true instead of a decision'],
  ['OK', "answered 'OK' instead of a decision"],
  [0, 'answered 0 instead of a decision'],
  [Number.NaN, 'answered NaN instead of a decision'],
  [{}, 'answered {} instead of a decision'],
  [[1, 60_000], 'answered [1,60000] instead of a decision'],
  [{ totalHits: 1, resetTime: 'soon' }, 'answered {"totalHits":1,"resetTime":"soon"} instead of a decision'],
  [decision({ allowed: 'yes' }), `answered ${shownDecision('"yes"')} instead of a decision`],
  [decision({ allowed: 1 }), `answered ${shownDecision('1')} instead of a decision`],
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
  // A banned client is never allowed.
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
    state({ remaining: 4 }),
    state({ resetMs: -1 }),
    state({ resetMs: null }),
    state({ resetMs: 1e300 }),
    state({ resetMs: '2023-11-14' }),
  ].map(
    (invalid) =>
      [decision({ limits: [invalid] }), `answered ${JSON.stringify(invalid)} for the limit 'test'`] as const,
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

/** The decision as a message shows it: the first 80 characters. */
function shownDecision(allowed: string): string {
  const text = JSON.stringify(decision({})).replace('true', allowed)
  return `${text.slice(0, 77)}...`
}
