import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import LobbyDoor from './LobbyDoor.vue'

announce()
createApp(LobbyDoor).mount('#app')
void import('../fonts')
