// A program of a page loads this file first. Then its servers listen on a free port of 127.0.0.1, and do not
// keep the process alive, so that the program ends.
import net from 'node:net'

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function listenOnFreePort(...args) {
  const callback = args.find((argument) => typeof argument === 'function')
  return Reflect.apply(listen, this, [0, '127.0.0.1', callback]).unref()
}
