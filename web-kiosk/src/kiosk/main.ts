import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import './kiosk.css'
import KioskDoor from './KioskDoor.vue'

announce()
createApp(KioskDoor).mount('#app')
void import('../fonts')
