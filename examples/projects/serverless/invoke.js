// Calls the function as a load balancer would, six times.
import { handler, store } from './handler.js'

const event = {
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b' } },
  httpMethod: 'GET',
  path: '/',
  queryStringParameters: {},
  headers: { host: 'localhost', 'x-forwarded-for': '203.0.113.7' },
  body: '',
  isBase64Encoded: false,
}

for (let call = 1; call <= 6; call++) {
  const { statusCode, body } = await handler(event, {})
  console.log(statusCode, body)
}
if (store) await store.close()
