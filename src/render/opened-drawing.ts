import type { FaceDrawing } from './renderer.ts';

/** Returns a drawing once its thread holds it; closes one that fails to open, and rejects with its reason. */
export async function openedDrawing(drawing: FaceDrawing & { readonly opened: Promise<unknown> }): Promise<FaceDrawing> {
  try {
    await drawing.opened;
  } catch (error) {
    await drawing.close();
    throw error;
  }
  return drawing;
}
