import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import MePage from './MePage.vue'
import { announce } from '../i18n'

announce()
createApp(MePage).mount('#app')
void import('../fonts')
