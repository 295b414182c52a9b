import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import WindowPage from './WindowPage.vue'

announce()
createApp(WindowPage).mount('#app')
void import('../fonts')
