import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import './rate.css'
import RateDoor from './RateDoor.vue'

announce()
createApp(RateDoor).mount('#app')
void import('../fonts')
