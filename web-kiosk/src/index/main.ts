import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import IndexPage from './IndexPage.vue'

announce()
createApp(IndexPage).mount('#app')
void import('../fonts')
