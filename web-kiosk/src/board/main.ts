import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import BoardPage from './BoardPage.vue'

announce()
createApp(BoardPage).mount('#app')
void import('../fonts')
