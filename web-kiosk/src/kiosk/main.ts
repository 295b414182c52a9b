import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import './kiosk.css'
import KioskPage from './KioskPage.vue'

announce()
createApp(KioskPage).mount('#app')
void import('../fonts')
