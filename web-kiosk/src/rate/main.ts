import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import './rate.css'
import RatePage from './RatePage.vue'

announce()
createApp(RatePage).mount('#app')
void import('../fonts')
