import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import { announce } from '../i18n'
import BoardDoor from './BoardDoor.vue'

announce()
createApp(BoardDoor).mount('#app')
void import('../fonts')
