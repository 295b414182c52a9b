import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import TicketPage from './TicketPage.vue'

announce()
createApp(TicketPage).mount('#app')
void import('../fonts')
