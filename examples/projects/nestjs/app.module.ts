import {
  Controller,
  Get,
  HttpCode,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Post,
} from '@nestjs/common'
import { createRateLimiter } from 'express-tollgate'

@Controller('cats')
export class CatsController {
  @Get()
  list(): string[] {
    return ['Tom']
  }
}

@Controller('auth')
export class AuthController {
  @Post('login')
  @HttpCode(401)
  login(): { readonly message: string } {
    return { message: 'wrong password' }
  }
}

/** Failed logins of an address. */
const loginLimiter = createRateLimiter({
  name: 'login',
  write: 2,
  windowSec: 900,
  skipSuccessfulRequests: true,
})

@Module({ controllers: [CatsController, AuthController] })
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(loginLimiter).forRoutes(AuthController)
  }
}
