import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import ScreenPage from './ScreenPage.vue'

announce()
createApp(ScreenPage).mount('#app')
void import('../fonts')
