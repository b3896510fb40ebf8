// Loaded before a block of the README runs: its servers listen on a free port of the loopback interface, and
// close as soon as nothing else is left to do, so that the block ends by itself.
import net from 'node:net'

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function listenOnFreePort(...args) {
  const callback = args.find((argument) => typeof argument === 'function')
  return Reflect.apply(listen, this, [0, '127.0.0.1', callback]).unref()
}
