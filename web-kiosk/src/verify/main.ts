import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import VerifyPage from './VerifyPage.vue'

announce()
createApp(VerifyPage).mount('#app')
void import('../fonts')
