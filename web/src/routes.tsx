// Paths of the screens. The search parameter `why` opens the explanation drawer on any of them, so that it can be linked.
import { Navigate, createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { AssetScreen } from './screens/asset';
import { AssetsScreen } from './screens/assets';
import { Frame } from './frame';
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

export const router = createRouter({ routeTree: tree, scrollRestoration: true });
declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
