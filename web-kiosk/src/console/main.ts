import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import ConsolePage from './ConsolePage.vue'
import './section.css'
import './form.css'
import './element.css'
import { announce } from '../i18n'

announce()
createApp(ConsolePage).mount('#app')
void import('../fonts')
