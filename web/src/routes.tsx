// Paths of the screens. The search parameter `why` opens the explanation drawer on any of them, so that it can be linked.
import { Navigate, type ErrorComponentProps, createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { AssetScreen } from './screens/asset';
import { AssetsScreen } from './screens/assets';
import { Frame } from './frame';
import { Problem } from './parts/answers';
import { PlantScreen } from './screens/plant';
import { ReleasesScreen } from './screens/releases';
import { ValueScreen } from './screens/value';
import { WorkScreen } from './screens/work';

type Search = { why?: string };
const root = createRootRoute({
  component: Frame,
  validateSearch: (search: Record<string, unknown>): Search => (typeof search.why === 'string' ? { why: search.why } : {}),
  notFoundComponent: () => <Navigate to="/value" />,
});
const route = <P extends string>(path: P, component: () => React.ReactNode) =>
  createRoute({ getParentRoute: () => root, path, component });

const tree = root.addChildren([
  route('/', () => <Navigate to="/value" replace />),
  route('/value', ValueScreen),
  route('/assets', AssetsScreen),
  route('/assets/$asset', AssetScreen),
  route('/orders', WorkScreen),
  route('/orders/$order', WorkScreen),
  route('/releases', ReleasesScreen),
  route('/plant', PlantScreen),
]);

/** A screen that broke says so in its place; the rest stays usable. */
function Broken({ error, reset }: ErrorComponentProps) {
  return <Problem error={new Error(`This screen cannot show what the hub sent: ${error instanceof Error ? error.message : String(error)}`)} retry={reset} />;
}

export const router = createRouter({ routeTree: tree, scrollRestoration: true, defaultErrorComponent: Broken });
declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
