import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import LobbyPage from './LobbyPage.vue'

announce()
createApp(LobbyPage).mount('#app')
void import('../fonts')
