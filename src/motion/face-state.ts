/** What a face is doing: nothing, listening to someone, or speaking. */
export type FaceState = 'idle' | 'listening' | 'speaking';
