import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import AccountPage from './AccountPage.vue'
import { announce } from '../i18n'

announce()
createApp(AccountPage).mount('#app')
void import('../fonts')
