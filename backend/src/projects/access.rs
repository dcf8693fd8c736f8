//! The one place where a caller meets a project: who may do what is asked here, and nowhere else.

use super::model::Settings;
use super::store::{self, ProjectRow};
use super::view::ProjectView;
use crate::audit::{self, Act, Who};
use crate::auth::{self, Action, Principal, Refused, Whence};
use crate::db::Conn;
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use cache::{Kind, Scope};
use invocation::Gate;
use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::Arc;

/// A project that the caller may act in.
#[derive(Clone)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name in paths.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its rules.
    pub settings: Settings,
    /// What cleans its events.
    pub gate: Gate,
    /// What its readers see, as JSON.
    pub json: web::Bytes,
}

impl Project {
    /// The project of a row.
    ///
    /// # Errors
    /// Its settings cannot be read.
    pub fn of(state: &AppState, row: ProjectRow) -> Result<Self, ApiError> {
        let view = ProjectView::of(&row)?;
        let (settings, secret) = (view.settings, state.project_key(&row.secret));
        Ok(Self {
            json: view.json()?,
            gate: Gate::new(settings.content_policy, settings.governance_mode, &secret),
            id: row.id,
            slug: row.slug,
            name: row.name,
            settings,
        })
    }
}

/// A project by what stands in a path: its id or its slug. It never leaves the process, since its
/// gate holds a key; and, since its rules decide what is kept of a text, none believes it for as
/// long as a second, even if nobody could be told of a change.
const PROJECT: Kind<String, Project> = Kind::local(
    "project",
    |named| vec![Scope::new("project", named)],
    |project: &Project| {
        size_of::<Project>()
            + [&project.id, &project.slug, &project.name].map(String::len).iter().sum::<usize>()
            + project.json.len()
    },
)
.serve_for(cache::Settings::TRUST)
.last_known(auth::LAST_KNOWN);

/// What changes with a project, under either name.
fn scopes(id: &str, slug: &str) -> [Scope; 2] {
    [id, slug].map(|name| Scope::new("project", name))
}

async fn find(
    state: &AppState,
    id_or_slug: &str,
    action: Action,
) -> Result<Arc<Project>, ApiError> {
    let load = || {
        let (state, wanted) = (state.clone(), id_or_slug.to_owned());
        async move {
            let row = state.db.read(move |conn| store::find(conn, &wanted)).await?;
            row.map(|row| Project::of(&state, row)).transpose()
        }
    };
    let (named, brings_events) = (id_or_slug.to_owned(), action == Action::SendEvents);
    let now = pin!(state.cache.get(&PROJECT, &named, load));
    let found = auth::now_or_last(state, (&PROJECT, &named), brings_events, now).await?;
    found.ok_or_else(|| ApiError::not_found("project"))
}

/// A caller on the way to a project. Handlers take it and ask for what they do.
pub struct Access {
    /// Who is calling.
    pub principal: Arc<Principal>,
    request: HttpRequest,
    state: web::Data<AppState>,
}

impl Access {
    /// The project in the path, if the caller may do `action` there. A project that is not theirs
    /// looks like one that does not exist.
    ///
    /// # Errors
    /// 404, 403, or the database.
    pub async fn project(
        &self,
        id_or_slug: &str,
        action: Action,
    ) -> Result<Arc<Project>, ApiError> {
        let found = find(&self.state, id_or_slug, action).await;
        let (project_id, refusal) = match found {
            Ok(project) => match self.may(&project, action).await {
                Ok(()) => return Ok(project),
                // What a stranger tries is no part of the project's own trail.
                Err(error) => {
                    ((error.code() == Code::Forbidden).then(|| project.id.clone()), error)
                }
            },
            // Noted as well: the log's size, which is public, must not tell one from the other.
            Err(error) => (None, error),
        };
        if self.administrator().is_err() {
            let refused = Refused { project_id, wanted: action.name().to_owned() };
            self.request.extensions_mut().insert(refused);
        }
        Err(refusal)
    }

    async fn may(&self, project: &Project, action: Action) -> Result<(), ApiError> {
        match &*self.principal {
            Principal::Key { project_id, .. } if *project_id != project.id => {
                Err(ApiError::not_found("project"))
            }
            Principal::Key { scopes, .. } => allow(auth::key_may(scopes, action)),
            Principal::User { is_admin: true, .. } => Ok(()),
            Principal::User { id, .. } => {
                let role = auth::role(&self.state, &project.id, id).await?;
                allow(auth::role_may(role.ok_or_else(|| ApiError::not_found("project"))?, action))
            }
        }
    }

    /// The id of the project whose trail the caller may read. For administrators a project's trail
    /// outlives the project.
    ///
    /// # Errors
    /// 404, 403, or the database.
    pub(super) async fn trail_of(&self, id_or_slug: &str) -> Result<String, ApiError> {
        match self.project(id_or_slug, Action::ReadAudit).await {
            Ok(project) => Ok(project.id.clone()),
            Err(error) if error.code() == Code::NotFound && self.administrator().is_ok() => {
                let id = id_or_slug.to_owned();
                let is_deleted = self.state.db.read(move |conn| store::is_deleted(conn, &id));
                is_deleted.await?.then(|| id_or_slug.to_owned()).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// The project of the caller's key, for paths that name none.
    ///
    /// # Errors
    /// The caller has no key, the key may not do `action`, or the database.
    pub async fn own_project(&self, action: Action) -> Result<Arc<Project>, ApiError> {
        match &*self.principal {
            Principal::Key { project_id, .. } => self.project(project_id, action).await,
            Principal::User { .. } => Err(ApiError::new(
                Code::Forbidden,
                "This path takes an API key, which names the project.",
            )),
        }
    }

    /// Refuses whoever does not administer the whole service.
    ///
    /// # Errors
    /// 403.
    pub fn administrator(&self) -> Result<(), ApiError> {
        allow(matches!(*self.principal, Principal::User { is_admin: true, .. }))
    }

    /// Does something in the caller's name and seals it, in one transaction; nothing is sealed if
    /// there was nothing to do.
    ///
    /// # Errors
    /// What `body` says, or the database; nothing is done then.
    pub async fn act<T: Send + 'static, A: Into<Option<Act>>>(
        &self,
        project_id: Option<&str>,
        body: impl FnOnce(&mut Conn) -> Result<(T, A), ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        audit::write(&self.state, self.who(), project_id, body).await
    }

    /// Seals that the caller takes something out. `HEAD` takes nothing.
    ///
    /// # Errors
    /// The database; nothing may be given out then.
    pub async fn exports(&self, project_id: Option<&str>, what: String) -> Result<(), ApiError> {
        if self.request.method() == Method::HEAD {
            return Ok(());
        }
        self.act(project_id, move |_| Ok(((), Act::Exported { what }))).await
    }

    fn who(&self) -> Who {
        Whence::of(&self.request).who(self.principal.actor())
    }

    /// The caller has changed what is in these scopes: nobody reads what was there before.
    pub(super) async fn changed(&self, scopes: &[Scope]) {
        self.state.cache.bump(scopes).await;
    }

    /// The same of a project.
    pub(super) async fn changed_project(&self, project: &Project) {
        self.changed(&scopes(&project.id, &project.slug)).await;
    }
}

fn allow(allowed: bool) -> Result<(), ApiError> {
    let refused = || ApiError::new(Code::Forbidden, "These credentials do not allow this here.");
    allowed.then_some(()).ok_or_else(refused)
}

impl FromRequest for Access {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let principal = match Principal::behind(request) {
            Ok(principal) => principal,
            Err(error) => return ready(Err(error)),
        };
        let state = request.app_data::<web::Data<AppState>>();
        ready(match state {
            Some(state) => Ok(Self { principal, request: request.clone(), state: state.clone() }),
            None => Err(ApiError::internal("the state is not registered")),
        })
    }
}
